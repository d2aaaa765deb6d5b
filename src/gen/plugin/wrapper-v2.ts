import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { Cancel as _aiges_plugin_v2_Cancel, Cancel__Output as _aiges_plugin_v2_Cancel__Output } from './aiges/plugin/v2/Cancel.js';
import type { Capabilities as _aiges_plugin_v2_Capabilities, Capabilities__Output as _aiges_plugin_v2_Capabilities__Output } from './aiges/plugin/v2/Capabilities.js';
import type { Close as _aiges_plugin_v2_Close, Close__Output as _aiges_plugin_v2_Close__Output } from './aiges/plugin/v2/Close.js';
import type { Flow as _aiges_plugin_v2_Flow, Flow__Output as _aiges_plugin_v2_Flow__Output } from './aiges/plugin/v2/Flow.js';
import type { FramesTaken as _aiges_plugin_v2_FramesTaken, FramesTaken__Output as _aiges_plugin_v2_FramesTaken__Output } from './aiges/plugin/v2/FramesTaken.js';
import type { HostBatch as _aiges_plugin_v2_HostBatch, HostBatch__Output as _aiges_plugin_v2_HostBatch__Output } from './aiges/plugin/v2/HostBatch.js';
import type { HostMessage as _aiges_plugin_v2_HostMessage, HostMessage__Output as _aiges_plugin_v2_HostMessage__Output } from './aiges/plugin/v2/HostMessage.js';
import type { InitReply as _aiges_plugin_v2_InitReply, InitReply__Output as _aiges_plugin_v2_InitReply__Output } from './aiges/plugin/v2/InitReply.js';
import type { InitRequest as _aiges_plugin_v2_InitRequest, InitRequest__Output as _aiges_plugin_v2_InitRequest__Output } from './aiges/plugin/v2/InitRequest.js';
import type { LoadResourceRequest as _aiges_plugin_v2_LoadResourceRequest, LoadResourceRequest__Output as _aiges_plugin_v2_LoadResourceRequest__Output } from './aiges/plugin/v2/LoadResourceRequest.js';
import type { Method as _aiges_plugin_v2_Method, Method__Output as _aiges_plugin_v2_Method__Output } from './aiges/plugin/v2/Method.js';
import type { Once as _aiges_plugin_v2_Once, Once__Output as _aiges_plugin_v2_Once__Output } from './aiges/plugin/v2/Once.js';
import type { Open as _aiges_plugin_v2_Open, Open__Output as _aiges_plugin_v2_Open__Output } from './aiges/plugin/v2/Open.js';
import type { Payload as _aiges_plugin_v2_Payload, Payload__Output as _aiges_plugin_v2_Payload__Output } from './aiges/plugin/v2/Payload.js';
import type { PluginBatch as _aiges_plugin_v2_PluginBatch, PluginBatch__Output as _aiges_plugin_v2_PluginBatch__Output } from './aiges/plugin/v2/PluginBatch.js';
import type { Report as _aiges_plugin_v2_Report, Report__Output as _aiges_plugin_v2_Report__Output } from './aiges/plugin/v2/Report.js';
import type { ResourceReply as _aiges_plugin_v2_ResourceReply, ResourceReply__Output as _aiges_plugin_v2_ResourceReply__Output } from './aiges/plugin/v2/ResourceReply.js';
import type { Result as _aiges_plugin_v2_Result, Result__Output as _aiges_plugin_v2_Result__Output } from './aiges/plugin/v2/Result.js';
import type { ShutdownReply as _aiges_plugin_v2_ShutdownReply, ShutdownReply__Output as _aiges_plugin_v2_ShutdownReply__Output } from './aiges/plugin/v2/ShutdownReply.js';
import type { ShutdownRequest as _aiges_plugin_v2_ShutdownRequest, ShutdownRequest__Output as _aiges_plugin_v2_ShutdownRequest__Output } from './aiges/plugin/v2/ShutdownRequest.js';
import type { StreamAddress as _aiges_plugin_v2_StreamAddress, StreamAddress__Output as _aiges_plugin_v2_StreamAddress__Output } from './aiges/plugin/v2/StreamAddress.js';
import type { Tensor as _aiges_plugin_v2_Tensor, Tensor__Output as _aiges_plugin_v2_Tensor__Output } from './aiges/plugin/v2/Tensor.js';
import type { TensorSpec as _aiges_plugin_v2_TensorSpec, TensorSpec__Output as _aiges_plugin_v2_TensorSpec__Output } from './aiges/plugin/v2/TensorSpec.js';
import type { UnloadResourceRequest as _aiges_plugin_v2_UnloadResourceRequest, UnloadResourceRequest__Output as _aiges_plugin_v2_UnloadResourceRequest__Output } from './aiges/plugin/v2/UnloadResourceRequest.js';
import type { Usage as _aiges_plugin_v2_Usage, Usage__Output as _aiges_plugin_v2_Usage__Output } from './aiges/plugin/v2/Usage.js';
import type { WrapperPluginClient as _aiges_plugin_v2_WrapperPluginClient, WrapperPluginDefinition as _aiges_plugin_v2_WrapperPluginDefinition } from './aiges/plugin/v2/WrapperPlugin.js';
import type { Write as _aiges_plugin_v2_Write, Write__Output as _aiges_plugin_v2_Write__Output } from './aiges/plugin/v2/Write.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  aiges: {
    plugin: {
      v2: {
        Cancel: MessageTypeDefinition<_aiges_plugin_v2_Cancel, _aiges_plugin_v2_Cancel__Output>
        Capabilities: MessageTypeDefinition<_aiges_plugin_v2_Capabilities, _aiges_plugin_v2_Capabilities__Output>
        Close: MessageTypeDefinition<_aiges_plugin_v2_Close, _aiges_plugin_v2_Close__Output>
        Flow: MessageTypeDefinition<_aiges_plugin_v2_Flow, _aiges_plugin_v2_Flow__Output>
        FramesTaken: MessageTypeDefinition<_aiges_plugin_v2_FramesTaken, _aiges_plugin_v2_FramesTaken__Output>
        HostBatch: MessageTypeDefinition<_aiges_plugin_v2_HostBatch, _aiges_plugin_v2_HostBatch__Output>
        HostMessage: MessageTypeDefinition<_aiges_plugin_v2_HostMessage, _aiges_plugin_v2_HostMessage__Output>
        InitReply: MessageTypeDefinition<_aiges_plugin_v2_InitReply, _aiges_plugin_v2_InitReply__Output>
        InitRequest: MessageTypeDefinition<_aiges_plugin_v2_InitRequest, _aiges_plugin_v2_InitRequest__Output>
        LoadResourceRequest: MessageTypeDefinition<_aiges_plugin_v2_LoadResourceRequest, _aiges_plugin_v2_LoadResourceRequest__Output>
        Method: MessageTypeDefinition<_aiges_plugin_v2_Method, _aiges_plugin_v2_Method__Output>
        Once: MessageTypeDefinition<_aiges_plugin_v2_Once, _aiges_plugin_v2_Once__Output>
        Open: MessageTypeDefinition<_aiges_plugin_v2_Open, _aiges_plugin_v2_Open__Output>
        Payload: MessageTypeDefinition<_aiges_plugin_v2_Payload, _aiges_plugin_v2_Payload__Output>
        PluginBatch: MessageTypeDefinition<_aiges_plugin_v2_PluginBatch, _aiges_plugin_v2_PluginBatch__Output>
        Report: MessageTypeDefinition<_aiges_plugin_v2_Report, _aiges_plugin_v2_Report__Output>
        ResourceReply: MessageTypeDefinition<_aiges_plugin_v2_ResourceReply, _aiges_plugin_v2_ResourceReply__Output>
        Result: MessageTypeDefinition<_aiges_plugin_v2_Result, _aiges_plugin_v2_Result__Output>
        ShutdownReply: MessageTypeDefinition<_aiges_plugin_v2_ShutdownReply, _aiges_plugin_v2_ShutdownReply__Output>
        ShutdownRequest: MessageTypeDefinition<_aiges_plugin_v2_ShutdownRequest, _aiges_plugin_v2_ShutdownRequest__Output>
        StreamAddress: MessageTypeDefinition<_aiges_plugin_v2_StreamAddress, _aiges_plugin_v2_StreamAddress__Output>
        Tensor: MessageTypeDefinition<_aiges_plugin_v2_Tensor, _aiges_plugin_v2_Tensor__Output>
        TensorSpec: MessageTypeDefinition<_aiges_plugin_v2_TensorSpec, _aiges_plugin_v2_TensorSpec__Output>
        UnloadResourceRequest: MessageTypeDefinition<_aiges_plugin_v2_UnloadResourceRequest, _aiges_plugin_v2_UnloadResourceRequest__Output>
        Usage: MessageTypeDefinition<_aiges_plugin_v2_Usage, _aiges_plugin_v2_Usage__Output>
        WrapperPlugin: SubtypeConstructor<typeof grpc.Client, _aiges_plugin_v2_WrapperPluginClient> & { service: _aiges_plugin_v2_WrapperPluginDefinition }
        Write: MessageTypeDefinition<_aiges_plugin_v2_Write, _aiges_plugin_v2_Write__Output>
      }
    }
  }
}

