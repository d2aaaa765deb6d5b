// Original file: proto/gateway/aiges-v1.proto

import type { GlobalRoute as _aiges_v1_GlobalRoute, GlobalRoute__Output as _aiges_v1_GlobalRoute__Output } from '../../aiges/v1/GlobalRoute.js';
import type { _aiges_v1_GeneralData_DataStatus, _aiges_v1_GeneralData_DataStatus__Output } from '../../aiges/v1/GeneralData.js';
import type { GeneralData as _aiges_v1_GeneralData, GeneralData__Output as _aiges_v1_GeneralData__Output } from '../../aiges/v1/GeneralData.js';

export interface InferenceOutput {
  'route'?: (_aiges_v1_GlobalRoute | null);
  'status'?: (_aiges_v1_GeneralData_DataStatus);
  'data'?: (_aiges_v1_GeneralData)[];
}

export interface InferenceOutput__Output {
  'route': (_aiges_v1_GlobalRoute__Output | null);
  'status': (_aiges_v1_GeneralData_DataStatus__Output);
  'data': (_aiges_v1_GeneralData__Output)[];
}
