// Original file: proto/plugin/wrapper-v2.proto

import type { Once as _aiges_plugin_v2_Once, Once__Output as _aiges_plugin_v2_Once__Output } from '../../../aiges/plugin/v2/Once.js';
import type { Cancel as _aiges_plugin_v2_Cancel, Cancel__Output as _aiges_plugin_v2_Cancel__Output } from '../../../aiges/plugin/v2/Cancel.js';

export interface HostMessage {
  'id'?: (number);
  'once'?: (_aiges_plugin_v2_Once | null);
  'cancel'?: (_aiges_plugin_v2_Cancel | null);
  'kind'?: "once"|"cancel";
}

export interface HostMessage__Output {
  'id': (number);
  'once'?: (_aiges_plugin_v2_Once__Output | null);
  'cancel'?: (_aiges_plugin_v2_Cancel__Output | null);
  'kind'?: "once"|"cancel";
}
