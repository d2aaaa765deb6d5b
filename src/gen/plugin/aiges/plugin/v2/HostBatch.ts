// Original file: proto/plugin/wrapper-v2.proto

import type { HostMessage as _aiges_plugin_v2_HostMessage, HostMessage__Output as _aiges_plugin_v2_HostMessage__Output } from '../../../aiges/plugin/v2/HostMessage.js';

export interface HostBatch {
  'messages'?: (_aiges_plugin_v2_HostMessage)[];
}

export interface HostBatch__Output {
  'messages': (_aiges_plugin_v2_HostMessage__Output)[];
}
