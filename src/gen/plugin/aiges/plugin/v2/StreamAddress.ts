// Original file: proto/plugin/wrapper-v2.proto


export interface StreamAddress {
  'address'?: (string);
  'token'?: (Buffer | Uint8Array | string);
}

export interface StreamAddress__Output {
  'address': (string);
  'token': (Buffer);
}
