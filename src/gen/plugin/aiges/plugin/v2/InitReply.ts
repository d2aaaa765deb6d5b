// Original file: proto/plugin/wrapper-v2.proto

import type { Capabilities as _aiges_plugin_v2_Capabilities, Capabilities__Output as _aiges_plugin_v2_Capabilities__Output } from '../../../aiges/plugin/v2/Capabilities.js';
import type { StreamAddress as _aiges_plugin_v2_StreamAddress, StreamAddress__Output as _aiges_plugin_v2_StreamAddress__Output } from '../../../aiges/plugin/v2/StreamAddress.js';

export interface InitReply {
  'code'?: (number);
  'message'?: (string);
  'version'?: (string);
  'schema'?: (string);
  'capabilities'?: (_aiges_plugin_v2_Capabilities | null);
  'sdk'?: (string);
  'stream'?: (_aiges_plugin_v2_StreamAddress | null);
}

export interface InitReply__Output {
  'code': (number);
  'message': (string);
  'version': (string);
  'schema': (string);
  'capabilities': (_aiges_plugin_v2_Capabilities__Output | null);
  'sdk': (string);
  'stream': (_aiges_plugin_v2_StreamAddress__Output | null);
}
