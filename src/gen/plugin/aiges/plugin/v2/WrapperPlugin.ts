// Original file: proto/plugin/wrapper-v2.proto

import type * as grpc from '@grpc/grpc-js'
import type { MethodDefinition } from '@grpc/proto-loader'
import type { HostBatch as _aiges_plugin_v2_HostBatch, HostBatch__Output as _aiges_plugin_v2_HostBatch__Output } from '../../../aiges/plugin/v2/HostBatch.js';
import type { InitReply as _aiges_plugin_v2_InitReply, InitReply__Output as _aiges_plugin_v2_InitReply__Output } from '../../../aiges/plugin/v2/InitReply.js';
import type { InitRequest as _aiges_plugin_v2_InitRequest, InitRequest__Output as _aiges_plugin_v2_InitRequest__Output } from '../../../aiges/plugin/v2/InitRequest.js';
import type { LoadResourceRequest as _aiges_plugin_v2_LoadResourceRequest, LoadResourceRequest__Output as _aiges_plugin_v2_LoadResourceRequest__Output } from '../../../aiges/plugin/v2/LoadResourceRequest.js';
import type { PluginBatch as _aiges_plugin_v2_PluginBatch, PluginBatch__Output as _aiges_plugin_v2_PluginBatch__Output } from '../../../aiges/plugin/v2/PluginBatch.js';
import type { ResourceReply as _aiges_plugin_v2_ResourceReply, ResourceReply__Output as _aiges_plugin_v2_ResourceReply__Output } from '../../../aiges/plugin/v2/ResourceReply.js';
import type { ShutdownReply as _aiges_plugin_v2_ShutdownReply, ShutdownReply__Output as _aiges_plugin_v2_ShutdownReply__Output } from '../../../aiges/plugin/v2/ShutdownReply.js';
import type { ShutdownRequest as _aiges_plugin_v2_ShutdownRequest, ShutdownRequest__Output as _aiges_plugin_v2_ShutdownRequest__Output } from '../../../aiges/plugin/v2/ShutdownRequest.js';
import type { UnloadResourceRequest as _aiges_plugin_v2_UnloadResourceRequest, UnloadResourceRequest__Output as _aiges_plugin_v2_UnloadResourceRequest__Output } from '../../../aiges/plugin/v2/UnloadResourceRequest.js';

export interface WrapperPluginClient extends grpc.Client {
  Init(argument: _aiges_plugin_v2_InitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  Init(argument: _aiges_plugin_v2_InitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  Init(argument: _aiges_plugin_v2_InitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  Init(argument: _aiges_plugin_v2_InitRequest, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  init(argument: _aiges_plugin_v2_InitRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  init(argument: _aiges_plugin_v2_InitRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  init(argument: _aiges_plugin_v2_InitRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  init(argument: _aiges_plugin_v2_InitRequest, callback: grpc.requestCallback<_aiges_plugin_v2_InitReply__Output>): grpc.ClientUnaryCall;
  
  LoadResource(argument: _aiges_plugin_v2_LoadResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  LoadResource(argument: _aiges_plugin_v2_LoadResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  LoadResource(argument: _aiges_plugin_v2_LoadResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  LoadResource(argument: _aiges_plugin_v2_LoadResourceRequest, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  loadResource(argument: _aiges_plugin_v2_LoadResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  loadResource(argument: _aiges_plugin_v2_LoadResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  loadResource(argument: _aiges_plugin_v2_LoadResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  loadResource(argument: _aiges_plugin_v2_LoadResourceRequest, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  
  Run(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_plugin_v2_HostBatch, _aiges_plugin_v2_PluginBatch__Output>;
  Run(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_plugin_v2_HostBatch, _aiges_plugin_v2_PluginBatch__Output>;
  run(metadata: grpc.Metadata, options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_plugin_v2_HostBatch, _aiges_plugin_v2_PluginBatch__Output>;
  run(options?: grpc.CallOptions): grpc.ClientDuplexStream<_aiges_plugin_v2_HostBatch, _aiges_plugin_v2_PluginBatch__Output>;
  
  Shutdown(argument: _aiges_plugin_v2_ShutdownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  Shutdown(argument: _aiges_plugin_v2_ShutdownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  Shutdown(argument: _aiges_plugin_v2_ShutdownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  Shutdown(argument: _aiges_plugin_v2_ShutdownRequest, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _aiges_plugin_v2_ShutdownRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _aiges_plugin_v2_ShutdownRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _aiges_plugin_v2_ShutdownRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  shutdown(argument: _aiges_plugin_v2_ShutdownRequest, callback: grpc.requestCallback<_aiges_plugin_v2_ShutdownReply__Output>): grpc.ClientUnaryCall;
  
  UnloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  UnloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  UnloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  UnloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  unloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, metadata: grpc.Metadata, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  unloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, metadata: grpc.Metadata, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  unloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, options: grpc.CallOptions, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  unloadResource(argument: _aiges_plugin_v2_UnloadResourceRequest, callback: grpc.requestCallback<_aiges_plugin_v2_ResourceReply__Output>): grpc.ClientUnaryCall;
  
}

export interface WrapperPluginHandlers extends grpc.UntypedServiceImplementation {
  Init: grpc.handleUnaryCall<_aiges_plugin_v2_InitRequest__Output, _aiges_plugin_v2_InitReply>;
  
  LoadResource: grpc.handleUnaryCall<_aiges_plugin_v2_LoadResourceRequest__Output, _aiges_plugin_v2_ResourceReply>;
  
  Run: grpc.handleBidiStreamingCall<_aiges_plugin_v2_HostBatch__Output, _aiges_plugin_v2_PluginBatch>;
  
  Shutdown: grpc.handleUnaryCall<_aiges_plugin_v2_ShutdownRequest__Output, _aiges_plugin_v2_ShutdownReply>;
  
  UnloadResource: grpc.handleUnaryCall<_aiges_plugin_v2_UnloadResourceRequest__Output, _aiges_plugin_v2_ResourceReply>;
  
}

export interface WrapperPluginDefinition extends grpc.ServiceDefinition {
  Init: MethodDefinition<_aiges_plugin_v2_InitRequest, _aiges_plugin_v2_InitReply, _aiges_plugin_v2_InitRequest__Output, _aiges_plugin_v2_InitReply__Output>
  LoadResource: MethodDefinition<_aiges_plugin_v2_LoadResourceRequest, _aiges_plugin_v2_ResourceReply, _aiges_plugin_v2_LoadResourceRequest__Output, _aiges_plugin_v2_ResourceReply__Output>
  Run: MethodDefinition<_aiges_plugin_v2_HostBatch, _aiges_plugin_v2_PluginBatch, _aiges_plugin_v2_HostBatch__Output, _aiges_plugin_v2_PluginBatch__Output>
  Shutdown: MethodDefinition<_aiges_plugin_v2_ShutdownRequest, _aiges_plugin_v2_ShutdownReply, _aiges_plugin_v2_ShutdownRequest__Output, _aiges_plugin_v2_ShutdownReply__Output>
  UnloadResource: MethodDefinition<_aiges_plugin_v2_UnloadResourceRequest, _aiges_plugin_v2_ResourceReply, _aiges_plugin_v2_UnloadResourceRequest__Output, _aiges_plugin_v2_ResourceReply__Output>
}
