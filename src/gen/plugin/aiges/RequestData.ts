// Original file: proto/plugin/wrapper-v1.proto

import type { Long } from '@grpc/proto-loader';

export interface RequestData {
  'key'?: (string);
  'len'?: (number | string | Long);
  'type'?: (number);
  'status'?: (number);
  'desc'?: ({[key: string]: string});
  'data'?: (Buffer | Uint8Array | string);
}

export interface RequestData__Output {
  'key': (string);
  'len': (number);
  'type': (number);
  'status': (number);
  'desc': ({[key: string]: string});
  'data': (Buffer);
}
