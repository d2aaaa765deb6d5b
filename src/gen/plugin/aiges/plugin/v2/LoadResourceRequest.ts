// Original file: proto/plugin/wrapper-v2.proto

import type { Payload as _aiges_plugin_v2_Payload, Payload__Output as _aiges_plugin_v2_Payload__Output } from '../../../aiges/plugin/v2/Payload.js';

export interface LoadResourceRequest {
  'id'?: (number);
  'payloads'?: (_aiges_plugin_v2_Payload)[];
}

export interface LoadResourceRequest__Output {
  'id': (number);
  'payloads': (_aiges_plugin_v2_Payload__Output)[];
}
