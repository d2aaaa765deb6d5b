// Original file: proto/plugin/wrapper-v2.proto

import type { Result as _aiges_plugin_v2_Result, Result__Output as _aiges_plugin_v2_Result__Output } from '../../../aiges/plugin/v2/Result.js';

export interface PluginBatch {
  'started'?: (number)[];
  'results'?: (_aiges_plugin_v2_Result)[];
}

export interface PluginBatch__Output {
  'started': (number)[];
  'results': (_aiges_plugin_v2_Result__Output)[];
}
