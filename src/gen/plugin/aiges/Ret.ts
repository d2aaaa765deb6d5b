// Original file: proto/plugin/wrapper-v1.proto


export interface Ret {
  'ret'?: (number);
}

export interface Ret__Output {
  'ret': (number);
}
