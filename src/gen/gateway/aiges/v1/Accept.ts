// Original file: proto/gateway/aiges-v1.proto

import type { _aiges_v1_GeneralData_DataType, _aiges_v1_GeneralData_DataType__Output } from '../../aiges/v1/GeneralData.js';

export interface Accept {
  'data_id'?: (string);
  'data_type'?: (_aiges_v1_GeneralData_DataType);
  'desc_args'?: ({[key: string]: string});
  '_data_type'?: "data_type";
}

export interface Accept__Output {
  'data_id': (string);
  'data_type'?: (_aiges_v1_GeneralData_DataType__Output);
  'desc_args': ({[key: string]: string});
  '_data_type'?: "data_type";
}
