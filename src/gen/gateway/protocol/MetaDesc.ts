// Original file: proto/gateway/loader.proto


// Original file: proto/gateway/loader.proto

export const _protocol_MetaDesc_DataType = {
  TEXT: 0,
  AUDIO: 1,
  IMAGE: 2,
  VIDEO: 3,
  OTHER: 4,
} as const;

export type _protocol_MetaDesc_DataType =
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

export type _protocol_MetaDesc_DataType__Output = typeof _protocol_MetaDesc_DataType[keyof typeof _protocol_MetaDesc_DataType]

export interface MetaDesc {
  'name'?: (string);
  'dataType'?: (_protocol_MetaDesc_DataType);
  'attribute'?: ({[key: string]: string});
}

export interface MetaDesc__Output {
  'name': (string);
  'dataType': (_protocol_MetaDesc_DataType__Output);
  'attribute': ({[key: string]: string});
}
