// Original file: proto/gateway/loader.proto

import type { MetaDesc as _protocol_MetaDesc, MetaDesc__Output as _protocol_MetaDesc__Output } from '../protocol/MetaDesc.js';

export interface Payload {
  'meta'?: (_protocol_MetaDesc | null);
  'data'?: (Buffer | Uint8Array | string);
}

export interface Payload__Output {
  'meta': (_protocol_MetaDesc__Output | null);
  'data': (Buffer);
}
