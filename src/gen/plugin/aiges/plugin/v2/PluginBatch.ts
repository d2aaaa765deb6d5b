// Original file: proto/plugin/wrapper-v2.proto

import type { Result as _aiges_plugin_v2_Result, Result__Output as _aiges_plugin_v2_Result__Output } from '../../../aiges/plugin/v2/Result.js';
import type { FramesTaken as _aiges_plugin_v2_FramesTaken, FramesTaken__Output as _aiges_plugin_v2_FramesTaken__Output } from '../../../aiges/plugin/v2/FramesTaken.js';
import type { Report as _aiges_plugin_v2_Report, Report__Output as _aiges_plugin_v2_Report__Output } from '../../../aiges/plugin/v2/Report.js';

export interface PluginBatch {
  'started'?: (number)[];
  'results'?: (_aiges_plugin_v2_Result)[];
  'taken'?: (_aiges_plugin_v2_FramesTaken)[];
  'reports'?: (_aiges_plugin_v2_Report)[];
}

export interface PluginBatch__Output {
  'started': (number)[];
  'results': (_aiges_plugin_v2_Result__Output)[];
  'taken': (_aiges_plugin_v2_FramesTaken__Output)[];
  'reports': (_aiges_plugin_v2_Report__Output)[];
}
