// Original file: proto/plugin/wrapper-v1.proto


export interface SvcId {
  'serviceId'?: (string);
}

export interface SvcId__Output {
  'serviceId': (string);
}
