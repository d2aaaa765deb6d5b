// Original file: proto/gateway/loader.proto

import type { Payload as _protocol_Payload, Payload__Output as _protocol_Payload__Output } from '../protocol/Payload.js';

// Original file: proto/gateway/loader.proto

export const _protocol_LoaderOutput_RespStatus = {
  BEGIN: 0,
  CONTINUE: 1,
  END: 2,
  ONCE: 3,
} as const;

export type _protocol_LoaderOutput_RespStatus =
  | 'BEGIN'
  | 0
  | 'CONTINUE'
  | 1
  | 'END'
  | 2
  | 'ONCE'
  | 3

export type _protocol_LoaderOutput_RespStatus__Output = typeof _protocol_LoaderOutput_RespStatus[keyof typeof _protocol_LoaderOutput_RespStatus]

export interface LoaderOutput {
  'serviceId'?: (string);
  'code'?: (number);
  'err'?: (string);
  'status'?: (_protocol_LoaderOutput_RespStatus);
  'pl'?: (_protocol_Payload)[];
}

export interface LoaderOutput__Output {
  'serviceId': (string);
  'code': (number);
  'err': (string);
  'status': (_protocol_LoaderOutput_RespStatus__Output);
  'pl': (_protocol_Payload__Output)[];
}
