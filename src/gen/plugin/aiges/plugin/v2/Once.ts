// Original file: proto/plugin/wrapper-v2.proto

import type { Payload as _aiges_plugin_v2_Payload, Payload__Output as _aiges_plugin_v2_Payload__Output } from '../../../aiges/plugin/v2/Payload.js';

export interface Once {
  'sid'?: (string);
  'params'?: ({[key: string]: string});
  'payloads'?: (_aiges_plugin_v2_Payload)[];
  'timeout_ms'?: (number);
  'method'?: (string);
  'resources'?: (number)[];
}

export interface Once__Output {
  'sid': (string);
  'params': ({[key: string]: string});
  'payloads': (_aiges_plugin_v2_Payload__Output)[];
  'timeout_ms': (number);
  'method': (string);
  'resources': (number)[];
}
