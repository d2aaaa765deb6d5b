// Original file: proto/plugin/wrapper-v1.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { CreateRequest as _aiges_CreateRequest, CreateRequest__Output as _aiges_CreateRequest__Output } from '../aiges/CreateRequest.js';
import type { Handle as _aiges_Handle, Handle__Output as _aiges_Handle__Output } from '../aiges/Handle.js';
import type { InitRequest as _aiges_InitRequest, InitRequest__Output as _aiges_InitRequest__Output } from '../aiges/InitRequest.js';
import type { Request as _aiges_Request, Request__Output as _aiges_Request__Output } from '../aiges/Request.js';
import type { Response as _aiges_Response, Response__Output as _aiges_Response__Output } from '../aiges/Response.js';
import type { Ret as _aiges_Ret, Ret__Output as _aiges_Ret__Output } from '../aiges/Ret.js';
import type { Schema as _aiges_Schema, Schema__Output as _aiges_Schema__Output } from '../aiges/Schema.js';
import type { StreamRequest as _aiges_StreamRequest, StreamRequest__Output as _aiges_StreamRequest__Output } from '../aiges/StreamRequest.js';
import type { SvcId as _aiges_SvcId, SvcId__Output as _aiges_SvcId__Output } from '../aiges/SvcId.js';
import type { WriteMessage as _aiges_WriteMessage, WriteMessage__Output as _aiges_WriteMessage__Output } from '../aiges/WriteMessage.js';

export interface WrapperServiceClient extends grpc.Client {
  communicate(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_Request, _aiges_Response__Output>;
  communicate(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_Request, _aiges_Response__Output>;
  
  testStream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_StreamRequest, _aiges_Response__Output>;
  testStream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_StreamRequest, _aiges_Response__Output>;
  
  wrapperCreate(argument: _aiges_CreateRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Handle__Output>): grpc.ClientUnaryCall;
  wrapperCreate(argument: _aiges_CreateRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_Handle__Output>): grpc.ClientUnaryCall;
  wrapperCreate(argument: _aiges_CreateRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Handle__Output>): grpc.ClientUnaryCall;
  wrapperCreate(argument: _aiges_CreateRequest, callback: grpc.requestCallback<_aiges_Handle__Output>): grpc.ClientUnaryCall;
  
  wrapperDestroy(argument: _aiges_Handle, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperDestroy(argument: _aiges_Handle, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperDestroy(argument: _aiges_Handle, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperDestroy(argument: _aiges_Handle, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  
  wrapperInit(argument: _aiges_InitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperInit(argument: _aiges_InitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperInit(argument: _aiges_InitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperInit(argument: _aiges_InitRequest, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  
  wrapperOnceExec(argument: _aiges_Request, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Response__Output>): grpc.ClientUnaryCall;
  wrapperOnceExec(argument: _aiges_Request, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_Response__Output>): grpc.ClientUnaryCall;
  wrapperOnceExec(argument: _aiges_Request, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Response__Output>): grpc.ClientUnaryCall;
  wrapperOnceExec(argument: _aiges_Request, callback: grpc.requestCallback<_aiges_Response__Output>): grpc.ClientUnaryCall;
  
  wrapperSchema(argument: _aiges_SvcId, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Schema__Output>): grpc.ClientUnaryCall;
  wrapperSchema(argument: _aiges_SvcId, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_Schema__Output>): grpc.ClientUnaryCall;
  wrapperSchema(argument: _aiges_SvcId, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Schema__Output>): grpc.ClientUnaryCall;
  wrapperSchema(argument: _aiges_SvcId, callback: grpc.requestCallback<_aiges_Schema__Output>): grpc.ClientUnaryCall;
  
  wrapperWrite(argument: _aiges_WriteMessage, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperWrite(argument: _aiges_WriteMessage, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperWrite(argument: _aiges_WriteMessage, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  wrapperWrite(argument: _aiges_WriteMessage, callback: grpc.requestCallback<_aiges_Ret__Output>): grpc.ClientUnaryCall;
  
}

export interface WrapperServiceHandlers extends grpc.UntypedServiceImplementation {
  communicate: grpc.handleBidiStreamingCall<_aiges_Request__Output, _aiges_Response>;
  
  testStream: grpc.handleBidiStreamingCall<_aiges_StreamRequest__Output, _aiges_Response>;
  
  wrapperCreate: grpc.handleUnaryCall<_aiges_CreateRequest__Output, _aiges_Handle>;
  
  wrapperDestroy: grpc.handleUnaryCall<_aiges_Handle__Output, _aiges_Ret>;
  
  wrapperInit: grpc.handleUnaryCall<_aiges_InitRequest__Output, _aiges_Ret>;
  
  wrapperOnceExec: grpc.handleUnaryCall<_aiges_Request__Output, _aiges_Response>;
  
  wrapperSchema: grpc.handleUnaryCall<_aiges_SvcId__Output, _aiges_Schema>;
  
  wrapperWrite: grpc.handleUnaryCall<_aiges_WriteMessage__Output, _aiges_Ret>;
  
}

export interface WrapperServiceDefinition extends grpc.ServiceDefinition {
  communicate: MethodDefinition<_aiges_Request, _aiges_Response, _aiges_Request__Output, _aiges_Response__Output>
  testStream: MethodDefinition<_aiges_StreamRequest, _aiges_Response, _aiges_StreamRequest__Output, _aiges_Response__Output>
  wrapperCreate: MethodDefinition<_aiges_CreateRequest, _aiges_Handle, _aiges_CreateRequest__Output, _aiges_Handle__Output>
  wrapperDestroy: MethodDefinition<_aiges_Handle, _aiges_Ret, _aiges_Handle__Output, _aiges_Ret__Output>
  wrapperInit: MethodDefinition<_aiges_InitRequest, _aiges_Ret, _aiges_InitRequest__Output, _aiges_Ret__Output>
  wrapperOnceExec: MethodDefinition<_aiges_Request, _aiges_Response, _aiges_Request__Output, _aiges_Response__Output>
  wrapperSchema: MethodDefinition<_aiges_SvcId, _aiges_Schema, _aiges_SvcId__Output, _aiges_Schema__Output>
  wrapperWrite: MethodDefinition<_aiges_WriteMessage, _aiges_Ret, _aiges_WriteMessage__Output, _aiges_Ret__Output>
}
