// Original file: proto/plugin/wrapper-v1.proto


export interface Schema {
  'data'?: (string);
}

export interface Schema__Output {
  'data': (string);
}
