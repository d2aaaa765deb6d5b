// Original file: proto/plugin/wrapper-v1.proto

import type { Request as _aiges_Request, Request__Output as _aiges_Request__Output } from '../aiges/Request.js';

export interface WriteMessage {
  'req'?: (_aiges_Request | null);
  'handle'?: (string);
  'sid'?: (string);
}

export interface WriteMessage__Output {
  'req': (_aiges_Request__Output | null);
  'handle': (string);
  'sid': (string);
}
