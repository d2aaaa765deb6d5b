// Original file: proto/gateway/xsf.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { ReqData as _utils_ReqData, ReqData__Output as _utils_ReqData__Output } from '../utils/ReqData.js';
import type { ResData as _utils_ResData, ResData__Output as _utils_ResData__Output } from '../utils/ResData.js';

export interface XsfCallClient extends grpc.Client {
  call(argument: _utils_ReqData, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_utils_ResData__Output>): grpc.ClientUnaryCall;
  call(argument: _utils_ReqData, metadata: grpc.Metadata, callback: grpc.requestCallback<_utils_ResData__Output>): grpc.ClientUnaryCall;
  call(argument: _utils_ReqData, options: grpc.CallOptions, callback: grpc.requestCallback<_utils_ResData__Output>): grpc.ClientUnaryCall;
  call(argument: _utils_ReqData, callback: grpc.requestCallback<_utils_ResData__Output>): grpc.ClientUnaryCall;
  
}

export interface XsfCallHandlers extends grpc.UntypedServiceImplementation {
  call: grpc.handleUnaryCall<_utils_ReqData__Output, _utils_ResData>;
  
}

export interface XsfCallDefinition extends grpc.ServiceDefinition {
  call: MethodDefinition<_utils_ReqData, _utils_ResData, _utils_ReqData__Output, _utils_ResData__Output>
}
