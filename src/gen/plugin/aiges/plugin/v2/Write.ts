// Original file: proto/plugin/wrapper-v2.proto

import type { Payload as _aiges_plugin_v2_Payload, Payload__Output as _aiges_plugin_v2_Payload__Output } from '../../../aiges/plugin/v2/Payload.js';

export interface Write {
  'payloads'?: (_aiges_plugin_v2_Payload)[];
}

export interface Write__Output {
  'payloads': (_aiges_plugin_v2_Payload__Output)[];
}
