// Original file: proto/plugin/wrapper-v2.proto


export interface ShutdownRequest {
  'grace_ms'?: (number);
}

export interface ShutdownRequest__Output {
  'grace_ms': (number);
}
