// Original file: proto/gateway/aiges-v1.proto

import type { GlobalRoute as _aiges_v1_GlobalRoute, GlobalRoute__Output as _aiges_v1_GlobalRoute__Output } from '../../aiges/v1/GlobalRoute.js';
import type { Accept as _aiges_v1_Accept, Accept__Output as _aiges_v1_Accept__Output } from '../../aiges/v1/Accept.js';
import type { GeneralData as _aiges_v1_GeneralData, GeneralData__Output as _aiges_v1_GeneralData__Output } from '../../aiges/v1/GeneralData.js';

export interface InferenceInput {
  'route'?: (_aiges_v1_GlobalRoute | null);
  'model'?: (string);
  'params'?: ({[key: string]: string});
  'accepts'?: (_aiges_v1_Accept)[];
  'data'?: (_aiges_v1_GeneralData)[];
}

export interface InferenceInput__Output {
  'route': (_aiges_v1_GlobalRoute__Output | null);
  'model': (string);
  'params': ({[key: string]: string});
  'accepts': (_aiges_v1_Accept__Output)[];
  'data': (_aiges_v1_GeneralData__Output)[];
}
