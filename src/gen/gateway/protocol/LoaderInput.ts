// Original file: proto/gateway/loader.proto

import type { MetaDesc as _protocol_MetaDesc, MetaDesc__Output as _protocol_MetaDesc__Output } from '../protocol/MetaDesc.js';
import type { Payload as _protocol_Payload, Payload__Output as _protocol_Payload__Output } from '../protocol/Payload.js';

// Original file: proto/gateway/loader.proto

export const _protocol_LoaderInput_SessState = {
  STREAM: 0,
  ONCE: 1,
} as const;

export type _protocol_LoaderInput_SessState =
  | 'STREAM'
  | 0
  | 'ONCE'
  | 1

export type _protocol_LoaderInput_SessState__Output = typeof _protocol_LoaderInput_SessState[keyof typeof _protocol_LoaderInput_SessState]

export interface LoaderInput {
  'serviceId'?: (string);
  'serviceName'?: (string);
  'state'?: (_protocol_LoaderInput_SessState);
  'headers'?: ({[key: string]: string});
  'params'?: ({[key: string]: string});
  'expect'?: (_protocol_MetaDesc)[];
  'pl'?: (_protocol_Payload)[];
  'sync_id'?: (number);
}

export interface LoaderInput__Output {
  'serviceId': (string);
  'serviceName': (string);
  'state': (_protocol_LoaderInput_SessState__Output);
  'headers': ({[key: string]: string});
  'params': ({[key: string]: string});
  'expect': (_protocol_MetaDesc__Output)[];
  'pl': (_protocol_Payload__Output)[];
  'sync_id': (number);
}
