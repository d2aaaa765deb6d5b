// Original file: proto/plugin/wrapper-v1.proto

import type { RequestData as _aiges_RequestData, RequestData__Output as _aiges_RequestData__Output } from '../aiges/RequestData.js';

export interface Request {
  'tag'?: (string);
  'params'?: ({[key: string]: string});
  'list'?: (_aiges_RequestData)[];
}

export interface Request__Output {
  'tag': (string);
  'params': ({[key: string]: string});
  'list': (_aiges_RequestData__Output)[];
}
