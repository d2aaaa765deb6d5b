// Original file: proto/plugin/wrapper-v2.proto


export interface UnloadResourceRequest {
  'id'?: (number);
}

export interface UnloadResourceRequest__Output {
  'id': (number);
}
