import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { LoaderInput as _protocol_LoaderInput, LoaderInput__Output as _protocol_LoaderInput__Output } from './protocol/LoaderInput.js';
import type { LoaderOutput as _protocol_LoaderOutput, LoaderOutput__Output as _protocol_LoaderOutput__Output } from './protocol/LoaderOutput.js';
import type { MetaDesc as _protocol_MetaDesc, MetaDesc__Output as _protocol_MetaDesc__Output } from './protocol/MetaDesc.js';
import type { Payload as _protocol_Payload, Payload__Output as _protocol_Payload__Output } from './protocol/Payload.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  protocol: {
    LoaderInput: MessageTypeDefinition<_protocol_LoaderInput, _protocol_LoaderInput__Output>
    LoaderOutput: MessageTypeDefinition<_protocol_LoaderOutput, _protocol_LoaderOutput__Output>
    MetaDesc: MessageTypeDefinition<_protocol_MetaDesc, _protocol_MetaDesc__Output>
    Payload: MessageTypeDefinition<_protocol_Payload, _protocol_Payload__Output>
  }
}

