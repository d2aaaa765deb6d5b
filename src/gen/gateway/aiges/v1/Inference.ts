// Original file: proto/gateway/aiges-v1.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { InferenceInput as _aiges_v1_InferenceInput, InferenceInput__Output as _aiges_v1_InferenceInput__Output } from '../../aiges/v1/InferenceInput.js';
import type { InferenceOutput as _aiges_v1_InferenceOutput, InferenceOutput__Output as _aiges_v1_InferenceOutput__Output } from '../../aiges/v1/InferenceOutput.js';

export interface InferenceClient extends grpc.Client {
  Exec(argument: _aiges_v1_InferenceInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  Exec(argument: _aiges_v1_InferenceInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  Exec(argument: _aiges_v1_InferenceInput, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  Exec(argument: _aiges_v1_InferenceInput, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  exec(argument: _aiges_v1_InferenceInput, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  exec(argument: _aiges_v1_InferenceInput, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  exec(argument: _aiges_v1_InferenceInput, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  exec(argument: _aiges_v1_InferenceInput, callback: grpc.requestCallback<_aiges_v1_InferenceOutput__Output>): grpc.ClientUnaryCall;
  
  ExecStream(argument: _aiges_v1_InferenceInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_aiges_v1_InferenceOutput__Output>;
  ExecStream(argument: _aiges_v1_InferenceInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_aiges_v1_InferenceOutput__Output>;
  execStream(argument: _aiges_v1_InferenceInput, metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientReadableStream<_aiges_v1_InferenceOutput__Output>;
  execStream(argument: _aiges_v1_InferenceInput, options?: grpc.CallOptions): grpc.ClientReadableStream<_aiges_v1_InferenceOutput__Output>;
  
  Stream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput__Output>;
  Stream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput__Output>;
  stream(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput__Output>;
  stream(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput__Output>;
  
}

export interface InferenceHandlers extends grpc.UntypedServiceImplementation {
  Exec: grpc.handleUnaryCall<_aiges_v1_InferenceInput__Output, _aiges_v1_InferenceOutput>;
  
  ExecStream: grpc.handleServerStreamingCall<_aiges_v1_InferenceInput__Output, _aiges_v1_InferenceOutput>;
  
  Stream: grpc.handleBidiStreamingCall<_aiges_v1_InferenceInput__Output, _aiges_v1_InferenceOutput>;
  
}

export interface InferenceDefinition extends grpc.ServiceDefinition {
  Exec: MethodDefinition<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput, _aiges_v1_InferenceInput__Output, _aiges_v1_InferenceOutput__Output>
  ExecStream: MethodDefinition<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput, _aiges_v1_InferenceInput__Output, _aiges_v1_InferenceOutput__Output>
  Stream: MethodDefinition<_aiges_v1_InferenceInput, _aiges_v1_InferenceOutput, _aiges_v1_InferenceInput__Output, _aiges_v1_InferenceOutput__Output>
}
