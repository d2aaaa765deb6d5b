// Original file: proto/plugin/wrapper-v2.proto

import type { Tensor as _aiges_plugin_v2_Tensor, Tensor__Output as _aiges_plugin_v2_Tensor__Output } from '../../../aiges/plugin/v2/Tensor.js';

export interface Payload {
  'key'?: (string);
  'type'?: (number);
  'status'?: (number);
  'attributes'?: ({[key: string]: string});
  'data'?: (Buffer | Uint8Array | string);
  'tensor'?: (_aiges_plugin_v2_Tensor | null);
}

export interface Payload__Output {
  'key': (string);
  'type': (number);
  'status': (number);
  'attributes': ({[key: string]: string});
  'data': (Buffer);
  'tensor': (_aiges_plugin_v2_Tensor__Output | null);
}
