import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { CreateRequest as _aiges_CreateRequest, CreateRequest__Output as _aiges_CreateRequest__Output } from './aiges/CreateRequest.js';
import type { Handle as _aiges_Handle, Handle__Output as _aiges_Handle__Output } from './aiges/Handle.js';
import type { InitRequest as _aiges_InitRequest, InitRequest__Output as _aiges_InitRequest__Output } from './aiges/InitRequest.js';
import type { Request as _aiges_Request, Request__Output as _aiges_Request__Output } from './aiges/Request.js';
import type { RequestData as _aiges_RequestData, RequestData__Output as _aiges_RequestData__Output } from './aiges/RequestData.js';
import type { Response as _aiges_Response, Response__Output as _aiges_Response__Output } from './aiges/Response.js';
import type { ResponseData as _aiges_ResponseData, ResponseData__Output as _aiges_ResponseData__Output } from './aiges/ResponseData.js';
import type { Ret as _aiges_Ret, Ret__Output as _aiges_Ret__Output } from './aiges/Ret.js';
import type { Schema as _aiges_Schema, Schema__Output as _aiges_Schema__Output } from './aiges/Schema.js';
import type { StreamRequest as _aiges_StreamRequest, StreamRequest__Output as _aiges_StreamRequest__Output } from './aiges/StreamRequest.js';
import type { SvcId as _aiges_SvcId, SvcId__Output as _aiges_SvcId__Output } from './aiges/SvcId.js';
import type { WrapperServiceClient as _aiges_WrapperServiceClient, WrapperServiceDefinition as _aiges_WrapperServiceDefinition } from './aiges/WrapperService.js';
import type { WriteMessage as _aiges_WriteMessage, WriteMessage__Output as _aiges_WriteMessage__Output } from './aiges/WriteMessage.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  aiges: {
    CreateRequest: MessageTypeDefinition<_aiges_CreateRequest, _aiges_CreateRequest__Output>
    Handle: MessageTypeDefinition<_aiges_Handle, _aiges_Handle__Output>
    InitRequest: MessageTypeDefinition<_aiges_InitRequest, _aiges_InitRequest__Output>
    Request: MessageTypeDefinition<_aiges_Request, _aiges_Request__Output>
    RequestData: MessageTypeDefinition<_aiges_RequestData, _aiges_RequestData__Output>
    Response: MessageTypeDefinition<_aiges_Response, _aiges_Response__Output>
    ResponseData: MessageTypeDefinition<_aiges_ResponseData, _aiges_ResponseData__Output>
    Ret: MessageTypeDefinition<_aiges_Ret, _aiges_Ret__Output>
    Schema: MessageTypeDefinition<_aiges_Schema, _aiges_Schema__Output>
    StreamRequest: MessageTypeDefinition<_aiges_StreamRequest, _aiges_StreamRequest__Output>
    SvcId: MessageTypeDefinition<_aiges_SvcId, _aiges_SvcId__Output>
    WrapperService: SubtypeConstructor<typeof grpc.Client, _aiges_WrapperServiceClient> & { service: _aiges_WrapperServiceDefinition }
    WriteMessage: MessageTypeDefinition<_aiges_WriteMessage, _aiges_WriteMessage__Output>
  }
}

