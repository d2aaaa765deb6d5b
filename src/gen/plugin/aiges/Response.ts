// Original file: proto/plugin/wrapper-v1.proto

import type { ResponseData as _aiges_ResponseData, ResponseData__Output as _aiges_ResponseData__Output } from '../aiges/ResponseData.js';

export interface Response {
  'tag'?: (string);
  'ret'?: (number);
  'list'?: (_aiges_ResponseData)[];
}

export interface Response__Output {
  'tag': (string);
  'ret': (number);
  'list': (_aiges_ResponseData__Output)[];
}
