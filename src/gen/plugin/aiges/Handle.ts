// Original file: proto/plugin/wrapper-v1.proto


export interface Handle {
  'handle'?: (string);
  'err_code'?: (number);
}

export interface Handle__Output {
  'handle': (string);
  'err_code': (number);
}
