// Original file: proto/plugin/wrapper-v2.proto

import type { Long } from '@grpc/proto-loader';

// Original file: proto/plugin/wrapper-v2.proto

export const _aiges_plugin_v2_Report_Kind = {
  METER: 0,
  METRIC: 1,
  TRACE: 2,
} as const;

export type _aiges_plugin_v2_Report_Kind =
  | 'METER'
  | 0
  | 'METRIC'
  | 1
  | 'TRACE'
  | 2

export type _aiges_plugin_v2_Report_Kind__Output = typeof _aiges_plugin_v2_Report_Kind[keyof typeof _aiges_plugin_v2_Report_Kind]

export interface Report {
  'kind'?: (_aiges_plugin_v2_Report_Kind);
  'sid'?: (string);
  'key'?: (string);
  'value'?: (string);
  'count'?: (number | string | Long);
}

export interface Report__Output {
  'kind': (_aiges_plugin_v2_Report_Kind__Output);
  'sid': (string);
  'key': (string);
  'value': (string);
  'count': (number);
}
