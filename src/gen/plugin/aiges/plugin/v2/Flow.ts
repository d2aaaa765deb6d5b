// Original file: proto/plugin/wrapper-v2.proto


export interface Flow {
  'paused'?: (boolean);
}

export interface Flow__Output {
  'paused': (boolean);
}
