import type * as grpc from '@grpc/grpc-js';
import type { MessageTypeDefinition } from '@grpc/proto-loader';

import type { DataMeta as _utils_DataMeta, DataMeta__Output as _utils_DataMeta__Output } from './utils/DataMeta.js';
import type { ReqData as _utils_ReqData, ReqData__Output as _utils_ReqData__Output } from './utils/ReqData.js';
import type { ResData as _utils_ResData, ResData__Output as _utils_ResData__Output } from './utils/ResData.js';
import type { Session as _utils_Session, Session__Output as _utils_Session__Output } from './utils/Session.js';
import type { XsfCallClient as _utils_XsfCallClient, XsfCallDefinition as _utils_XsfCallDefinition } from './utils/XsfCall.js';

type SubtypeConstructor<Constructor extends new (...args: any) => any, Subtype> = {
  new(...args: ConstructorParameters<Constructor>): Subtype;
};

export interface ProtoGrpcType {
  utils: {
    DataMeta: MessageTypeDefinition<_utils_DataMeta, _utils_DataMeta__Output>
    ReqData: MessageTypeDefinition<_utils_ReqData, _utils_ReqData__Output>
    ResData: MessageTypeDefinition<_utils_ResData, _utils_ResData__Output>
    Session: MessageTypeDefinition<_utils_Session, _utils_Session__Output>
    XsfCall: SubtypeConstructor<typeof grpc.Client, _utils_XsfCallClient> & { service: _utils_XsfCallDefinition }
  }
}

