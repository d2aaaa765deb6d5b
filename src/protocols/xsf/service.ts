import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Authenticator } from '../../auth/apps.js'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import type { XsfCallHandlers } from '../../gen/gateway/utils/XsfCall.js'
import type { ProtoGrpcType } from '../../gen/gateway/xsf.js'
import type { RpcGateway } from '../../rpc/gateway.js'
import { loadProto, loadProtoDefinition } from '../../rpc/proto.js'
import { callSignal } from '../../rpc/server-call.js'
import { appOfCall } from '../shared/call-authentication.js'
import { scopeOf } from './app-scope.js'
import { type OperationContext, runOperation, type XsfAdmin } from './operations.js'
import { SessionTable } from './session-table.js'

export interface XsfServiceOptions {
  readonly inference: InferenceService
  readonly log: Logger
  /** Knows the apps, where callers have to say whose a call is. Default: they do not. */
  readonly authenticator?: Authenticator
  /** What AILBType, AILoad and AIUnLoad change. Default: nothing, they are refused. */
  readonly admin?: XsfAdmin
  /**
   * Is told of every call that is answered with an error, but those of a session that is open. `model` is the name of
   * the model that it is for, if there is one. Default: nobody is told.
   */
  readonly onFailure?: (model: string | undefined, error: ServiceError) => void
}

/**
 * Adds utils.XsfCall, which AIGES clients call. When the server stops, sessions that are open may go on until they have
 * told how they ended.
 */
export function addXsfService(server: RpcGateway, options: XsfServiceOptions): void {
  const { inference, log, admin, authenticator, onFailure = () => {} } = options
  const sessions = new SessionTable()
  const shared = { inference, log, sessions, onFailure, ...(admin === undefined ? {} : { admin }) }

  const handlers: XsfCallHandlers = {
    call: (call, callback) => {
      const { request, metadata } = call
      const { s } = request
      const handle = s?.h || randomUUID()
      const context: OperationContext = { ...shared, handle, metadata, signal: callSignal(call) }
      const scope = () => {
        const app = appOfCall(authenticator, call)
        return app === undefined || authenticator === undefined ? context : scopeOf(app, context, authenticator)
      }
      runOperation(request, context, scope).then(({ code, errorInfo, output }) => {
        // PeerAddr is where the caller can come back to this node.
        const session = { t: s?.t ?? '', h: handle, sess: { PeerAddr: server.address } }
        callback(null, { code, error_info: errorInfo, s: session, data: [{ data: output }] })
      })
    },
  }

  server.addService(loadProto<ProtoGrpcType>('gateway', 'xsf.proto').utils.XsfCall.service, handlers)
  server.describe(() => loadProtoDefinition('gateway', 'xsf.proto'))
  // It has no service, but a client that explores the server needs its messages too.
  server.describe(() => loadProtoDefinition('gateway', 'loader.proto'))
  server.onStopping(over => sessions.drained(over))
  server.onStopped(() => sessions.abortAll(new ServiceError('not_ready', 'the service is shutting down')))
}
