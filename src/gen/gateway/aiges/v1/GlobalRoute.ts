// Original file: proto/gateway/aiges-v1.proto

import type { SessState as _aiges_v1_SessState, SessState__Output as _aiges_v1_SessState__Output } from '../../aiges/v1/SessState.js';

export interface GlobalRoute {
  'session_id'?: (string);
  'trace_id'?: (string);
  'up_router_id'?: (string);
  'guider_id'?: (string);
  'down_router_id'?: (string);
  'appid'?: (string);
  'uid'?: (string);
  'did'?: (string);
  'client_ip'?: (string);
  'session_state'?: (_aiges_v1_SessState);
}

export interface GlobalRoute__Output {
  'session_id': (string);
  'trace_id': (string);
  'up_router_id': (string);
  'guider_id': (string);
  'down_router_id': (string);
  'appid': (string);
  'uid': (string);
  'did': (string);
  'client_ip': (string);
  'session_state': (_aiges_v1_SessState__Output);
}
