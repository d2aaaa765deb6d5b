import type * as grpc from '@grpc/grpc-js';
import type { EnumTypeDefinition, MessageTypeDefinition } from '@grpc/proto-loader';

import type { Accept as _aiges_v1_Accept, Accept__Output as _aiges_v1_Accept__Output } from './aiges/v1/Accept.js';
import type { GeneralData as _aiges_v1_GeneralData, GeneralData__Output as _aiges_v1_GeneralData__Output } from './aiges/v1/GeneralData.js';
import type { GlobalRoute as _aiges_v1_GlobalRoute, GlobalRoute__Output as _aiges_v1_GlobalRoute__Output } from './aiges/v1/GlobalRoute.js';
import type { InferenceClient as _aiges_v1_InferenceClient, InferenceDefinition as _aiges_v1_InferenceDefinition } from './aiges/v1/Inference.js';
import type { InferenceInput as _aiges_v1_InferenceInput, InferenceInput__Output as _aiges_v1_InferenceInput__Output } from './aiges/v1/InferenceInput.js';
import type { InferenceOutput as _aiges_v1_InferenceOutput, InferenceOutput__Output as _aiges_v1_InferenceOutput__Output } from './aiges/v1/InferenceOutput.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  aiges: {
    v1: {
      Accept: MessageTypeDefinition<_aiges_v1_Accept, _aiges_v1_Accept__Output>
      GeneralData: MessageTypeDefinition<_aiges_v1_GeneralData, _aiges_v1_GeneralData__Output>
      GlobalRoute: MessageTypeDefinition<_aiges_v1_GlobalRoute, _aiges_v1_GlobalRoute__Output>
      Inference: SubtypeConstructor<typeof grpc.Client, _aiges_v1_InferenceClient> & { service: _aiges_v1_InferenceDefinition }
      InferenceInput: MessageTypeDefinition<_aiges_v1_InferenceInput, _aiges_v1_InferenceInput__Output>
      InferenceOutput: MessageTypeDefinition<_aiges_v1_InferenceOutput, _aiges_v1_InferenceOutput__Output>
      SessState: EnumTypeDefinition
    }
  }
}

