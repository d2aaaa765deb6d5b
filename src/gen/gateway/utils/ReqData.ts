// Original file: proto/gateway/xsf.proto

import type { Session as _utils_Session, Session__Output as _utils_Session__Output } from '../utils/Session.js';
import type { DataMeta as _utils_DataMeta, DataMeta__Output as _utils_DataMeta__Output } from '../utils/DataMeta.js';

export interface ReqData {
  'op'?: (string);
  's'?: (_utils_Session | null);
  'param'?: ({[key: string]: string});
  'data'?: (_utils_DataMeta)[];
}

export interface ReqData__Output {
  'op': (string);
  's': (_utils_Session__Output | null);
  'param': ({[key: string]: string});
  'data': (_utils_DataMeta__Output)[];
}
