// Original file: proto/gateway/aiges-v1.proto


// Original file: proto/gateway/aiges-v1.proto

export const _aiges_v1_GeneralData_DataStatus = {
  BEGIN: 0,
  CONTINUE: 1,
  END: 2,
  ONCE: 3,
} as const;

export type _aiges_v1_GeneralData_DataStatus =
  | 'BEGIN'
  | 0
  | 'CONTINUE'
  | 1
  | 'END'
  | 2
  | 'ONCE'
  | 3

export type _aiges_v1_GeneralData_DataStatus__Output = typeof _aiges_v1_GeneralData_DataStatus[keyof typeof _aiges_v1_GeneralData_DataStatus]

// Original file: proto/gateway/aiges-v1.proto

export const _aiges_v1_GeneralData_DataType = {
  TEXT: 0,
  AUDIO: 1,
  IMAGE: 2,
  VIDEO: 3,
  OTHER: 4,
} as const;

export type _aiges_v1_GeneralData_DataType =
  | 'TEXT'
  | 0
  | 'AUDIO'
  | 1
  | 'IMAGE'
  | 2
  | 'VIDEO'
  | 3
  | 'OTHER'
  | 4

export type _aiges_v1_GeneralData_DataType__Output = typeof _aiges_v1_GeneralData_DataType[keyof typeof _aiges_v1_GeneralData_DataType]

export interface GeneralData {
  'data_id'?: (string);
  'frame_id'?: (number);
  'data_type'?: (_aiges_v1_GeneralData_DataType);
  'status'?: (_aiges_v1_GeneralData_DataStatus);
  'desc_args'?: ({[key: string]: string});
  'data'?: (Buffer | Uint8Array | string);
}

export interface GeneralData__Output {
  'data_id': (string);
  'frame_id': (number);
  'data_type': (_aiges_v1_GeneralData_DataType__Output);
  'status': (_aiges_v1_GeneralData_DataStatus__Output);
  'desc_args': ({[key: string]: string});
  'data': (Buffer);
}
