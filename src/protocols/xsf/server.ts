import { randomUUID } from 'node:crypto'
import { loadSync } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { protoPath as healthProtoPath } from 'grpc-health-check'
import type { Logger } from 'pino'
import { type Reason, ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import type { Session } from '../../gen/gateway/utils/Session.js'
import type { XsfCallHandlers } from '../../gen/gateway/utils/XsfCall.js'
import type { ProtoGrpcType } from '../../gen/gateway/xsf.js'
import { loadProto, loadProtoDefinition } from '../../rpc/proto.js'
import { createRpcServer, formatAddress, type RpcServerOptions } from '../../rpc/server.js'
import { type HealthOptions, serveHealth } from './health.js'
import { runOperation } from './operations.js'

export interface XsfServerOptions extends RpcServerOptions, HealthOptions {
  readonly inference: InferenceService
  readonly log: Logger
  /**
   * Is told of every call that is answered with an error and never reached `inference`, so that it can be counted.
   * `model` is the name of the model that it is for, if there is one. Default: nobody is told.
   */
  readonly onRefused?: (model: string | undefined, reason: Reason) => void
}

/** The internal gRPC server: utils.XsfCall, grpc.health.v1 and server reflection on one port. */
export interface XsfServer {
  /** Resolves with the port that was really bound. @throws ServiceError `misconfigured` when the address cannot be had */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /** Says NOT_SERVING, accepts nothing new, lets calls end for up to `graceMs`, then cuts the rest off. */
  stop(graceMs: number): Promise<void>
}

export function createXsfServer(options: XsfServerOptions): XsfServer {
  const { inference, log, host, onRefused = () => {} } = options
  const server = createRpcServer(options)
  const { XsfCall } = loadProto<ProtoGrpcType>('gateway', 'xsf.proto').utils
  // Known once the port is; no call comes before.
  let peerAddress = ''

  const handlers: XsfCallHandlers = {
    call: (call, callback) => {
      const controller = new AbortController()
      call.on('cancelled', () => controller.abort(new ServiceError('cancelled')))
      const { t, h } = call.request.s ?? { t: '', h: '' }
      const handle = h || randomUUID()
      const context = { inference, log, handle, onRefused, signal: controller.signal }
      runOperation(call.request, context).then(({ code, errorInfo, output }) => {
        // PeerAddr is where the caller can come back to this node.
        const s: Session = { t, h: handle, sess: { PeerAddr: peerAddress } }
        callback(null, { code, error_info: errorInfo, s, data: [{ data: output }] })
      })
    },
  }

  server.addService(XsfCall.service, handlers)
  const stopHealth = serveHealth(server, options)
  new ReflectionService(reflectedDefinitions()).addToServer({ addService: server.addWatchService })

  return {
    async start() {
      const bound = await server.start()
      peerAddress = formatAddress(host, bound.port)
      return bound
    },
    async stop(graceMs) {
      stopHealth()
      await server.stop(graceMs)
    },
  }
}

/** loader.proto has no service, but a client that explores the server needs its messages too. */
function reflectedDefinitions() {
  return {
    ...loadProtoDefinition('gateway', 'xsf.proto'),
    ...loadProtoDefinition('gateway', 'loader.proto'),
    ...loadSync(healthProtoPath),
  }
}
