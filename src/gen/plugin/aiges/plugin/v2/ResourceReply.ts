// Original file: proto/plugin/wrapper-v2.proto


export interface ResourceReply {
  'code'?: (number);
  'message'?: (string);
}

export interface ResourceReply__Output {
  'code': (number);
  'message': (string);
}
