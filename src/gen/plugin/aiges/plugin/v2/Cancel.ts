// Original file: proto/plugin/wrapper-v2.proto


export interface Cancel {
  'reason'?: (string);
}

export interface Cancel__Output {
  'reason': (string);
}
