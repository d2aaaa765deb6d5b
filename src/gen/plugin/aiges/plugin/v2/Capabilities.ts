// Original file: proto/plugin/wrapper-v2.proto

import type { Method as _aiges_plugin_v2_Method, Method__Output as _aiges_plugin_v2_Method__Output } from '../../../aiges/plugin/v2/Method.js';
import type { TensorSpec as _aiges_plugin_v2_TensorSpec, TensorSpec__Output as _aiges_plugin_v2_TensorSpec__Output } from '../../../aiges/plugin/v2/TensorSpec.js';

export interface Capabilities {
  'once'?: (boolean);
  'streaming_output'?: (boolean);
  'sessions'?: (boolean);
  'concurrency'?: (number);
  'max_batch'?: (number);
  'chat'?: (boolean);
  'resources'?: (boolean);
  'methods'?: (_aiges_plugin_v2_Method)[];
  'inputs'?: (_aiges_plugin_v2_TensorSpec)[];
  'outputs'?: (_aiges_plugin_v2_TensorSpec)[];
}

export interface Capabilities__Output {
  'once': (boolean);
  'streaming_output': (boolean);
  'sessions': (boolean);
  'concurrency': (number);
  'max_batch': (number);
  'chat': (boolean);
  'resources': (boolean);
  'methods': (_aiges_plugin_v2_Method__Output)[];
  'inputs': (_aiges_plugin_v2_TensorSpec__Output)[];
  'outputs': (_aiges_plugin_v2_TensorSpec__Output)[];
}
