// Original file: proto/plugin/wrapper-v2.proto

import type { TensorSpec as _aiges_plugin_v2_TensorSpec, TensorSpec__Output as _aiges_plugin_v2_TensorSpec__Output } from '../../../aiges/plugin/v2/TensorSpec.js';

export interface Method {
  'name'?: (string);
  'inputs'?: (_aiges_plugin_v2_TensorSpec)[];
  'outputs'?: (_aiges_plugin_v2_TensorSpec)[];
}

export interface Method__Output {
  'name': (string);
  'inputs': (_aiges_plugin_v2_TensorSpec__Output)[];
  'outputs': (_aiges_plugin_v2_TensorSpec__Output)[];
}
