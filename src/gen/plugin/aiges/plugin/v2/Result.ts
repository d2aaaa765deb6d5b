// Original file: proto/plugin/wrapper-v2.proto

import type { Payload as _aiges_plugin_v2_Payload, Payload__Output as _aiges_plugin_v2_Payload__Output } from '../../../aiges/plugin/v2/Payload.js';
import type { Usage as _aiges_plugin_v2_Usage, Usage__Output as _aiges_plugin_v2_Usage__Output } from '../../../aiges/plugin/v2/Usage.js';

export interface Result {
  'id'?: (number);
  'payloads'?: (_aiges_plugin_v2_Payload)[];
  'last'?: (boolean);
  'code'?: (number);
  'message'?: (string);
  'usage'?: (_aiges_plugin_v2_Usage | null);
  'invalid_input'?: (boolean);
}

export interface Result__Output {
  'id': (number);
  'payloads': (_aiges_plugin_v2_Payload__Output)[];
  'last': (boolean);
  'code': (number);
  'message': (string);
  'usage': (_aiges_plugin_v2_Usage__Output | null);
  'invalid_input': (boolean);
}
