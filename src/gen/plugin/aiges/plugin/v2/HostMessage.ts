// Original file: proto/plugin/wrapper-v2.proto

import type { Once as _aiges_plugin_v2_Once, Once__Output as _aiges_plugin_v2_Once__Output } from '../../../aiges/plugin/v2/Once.js';
import type { Open as _aiges_plugin_v2_Open, Open__Output as _aiges_plugin_v2_Open__Output } from '../../../aiges/plugin/v2/Open.js';
import type { Write as _aiges_plugin_v2_Write, Write__Output as _aiges_plugin_v2_Write__Output } from '../../../aiges/plugin/v2/Write.js';
import type { Close as _aiges_plugin_v2_Close, Close__Output as _aiges_plugin_v2_Close__Output } from '../../../aiges/plugin/v2/Close.js';
import type { Cancel as _aiges_plugin_v2_Cancel, Cancel__Output as _aiges_plugin_v2_Cancel__Output } from '../../../aiges/plugin/v2/Cancel.js';
import type { Flow as _aiges_plugin_v2_Flow, Flow__Output as _aiges_plugin_v2_Flow__Output } from '../../../aiges/plugin/v2/Flow.js';

export interface HostMessage {
  'id'?: (number);
  'once'?: (_aiges_plugin_v2_Once | null);
  'open'?: (_aiges_plugin_v2_Open | null);
  'write'?: (_aiges_plugin_v2_Write | null);
  'close'?: (_aiges_plugin_v2_Close | null);
  'cancel'?: (_aiges_plugin_v2_Cancel | null);
  'flow'?: (_aiges_plugin_v2_Flow | null);
  'kind'?: "once"|"open"|"write"|"close"|"cancel"|"flow";
}

export interface HostMessage__Output {
  'id': (number);
  'once'?: (_aiges_plugin_v2_Once__Output | null);
  'open'?: (_aiges_plugin_v2_Open__Output | null);
  'write'?: (_aiges_plugin_v2_Write__Output | null);
  'close'?: (_aiges_plugin_v2_Close__Output | null);
  'cancel'?: (_aiges_plugin_v2_Cancel__Output | null);
  'flow'?: (_aiges_plugin_v2_Flow__Output | null);
  'kind'?: "once"|"open"|"write"|"close"|"cancel"|"flow";
}
