// Original file: proto/plugin/wrapper-v1.proto


export interface StreamRequest {
  'data'?: (string);
}

export interface StreamRequest__Output {
  'data': (string);
}
