import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { Apps } from './auth/apps.js'
import type { DaemonConfig } from './config/daemon-config.js'
import type { AdminService } from './core/admin.js'
import { ServiceError } from './core/error.js'
import type { InferenceService } from './core/inference.js'
import { adminApi } from './protocols/admin/api-routes.js'
import { adminRoutes } from './protocols/admin/routes.js'
import { addAigesV1Service } from './protocols/aiges-v1/service.js'
import { aseFrontEnd } from './protocols/ase/routes.js'
import { documentRoutes } from './protocols/documents/routes.js'
import { edgeBoardFrontEnd } from './protocols/edgeboard/routes.js'
import { mindSporeFrontEnd } from './protocols/mindspore/routes.js'
import { type OipOptions, oipFrontEnd } from './protocols/oip/routes.js'
import { addOipService } from './protocols/oip/service.js'
import { openAiFrontEnd } from './protocols/openai/routes.js'
import { refuseWhenClosing } from './protocols/shared/closing-inference.js'
import { authenticationOpenApi, httpAuthentication } from './protocols/shared/http-authentication.js'
import { drainable } from './protocols/shared/http-drain.js'
import { addHttpFrontEnds, type HttpFrontEnd } from './protocols/shared/http-front-end.js'
import { createHttpServer } from './protocols/shared/http-server.js'
import { addXsfService } from './protocols/xsf/service.js'
import { createRpcGateway } from './rpc/gateway.js'
import { formatAddress } from './rpc/server.js'
import { createServerCredentials } from './rpc/server-credentials.js'
import type { Metrics } from './telemetry/metrics.js'
import { createRefusalCounter } from './telemetry/refusal-counter.js'
import type { RefusalLog } from './telemetry/refusal-log.js'
import type { ServerIdentity } from './tls/server-identity.js'

export interface FrontEndOptions {
  /** The daemon's version. */
  readonly version: string
  readonly config: DaemonConfig
  readonly inference: InferenceService
  /** Those whose requests are taken; undefined: everybody's are. */
  readonly apps: Apps | undefined
  /** What both servers show over TLS, where `[tls]` asks for it; undefined: nothing is encrypted. */
  readonly identity: ServerIdentity | undefined
  readonly admin: AdminService
  readonly metrics: Metrics
  readonly refusals: Pick<RefusalLog, 'add'>
  readonly log: Logger
  /** Ends everything that is in flight, each with this reason. */
  readonly abortAll: (reason: ServiceError) => void
  /** Calls back after every change of a model's readiness; returns the function that stops it. */
  readonly onReadinessChange: (listener: () => void) => () => void
}

/** Everything that listens. */
export interface FrontEnds {
  /** Resolves with the addresses as they were bound. @throws ServiceError `misconfigured` when one cannot be had */
  listen(): Promise<{ readonly http: string; readonly grpc: string }>
  /**
   * Unready at once; `[aiges] unreadyMs` later no new connections. Requests in flight may end for up to `graceMs`, then they are ended with
   * `not_ready`; what has not taken its answer a moment later is cut off.
   */
  stop(graceMs: number): Promise<void>
}

/** How long an answer may take to reach its client once the drain time is over, in ms. */
const LAST_ANSWER_MS = 500

/** Puts every front-end onto the one HTTP and the one gRPC server. What is switched off is not there. */
export function createFrontEnds(options: FrontEndOptions): FrontEnds {
  const { config, inference, apps, identity, metrics, refusals, log, onReadinessChange } = options
  const { protocols } = config
  const { bodyLimitBytes } = config.http
  let draining = false
  const http = createHttpServer({ ...config.http, identity: config.tls?.http ? identity : undefined, log })
  const closeHttp = drainable(http)
  if (apps !== undefined) http.register(httpAuthentication, { authenticator: apps, open: config.auth.open })
  const authentication = apps === undefined ? {} : { authenticator: apps }
  const isDraining = () => draining
  const httpFrontEnds = createHttpFrontEnds(options, isDraining)
  const refused = createRefusalCounter(metrics, refusals)
  addHttpFrontEnds(http, httpFrontEnds, { log, onFailure: refused })
  const parts = httpFrontEnds.flatMap(({ openApi }) => openApi ?? [])
  if (apps !== undefined) parts.push(authenticationOpenApi)
  http.register(documentRoutes, { inference, parts })
  http.register(adminRoutes, { inference, metrics, isDraining })
  const grpc = createRpcGateway({
    ...config.grpc,
    ...(identity && config.tls?.grpc && { credentials: createServerCredentials(identity) }),
    inference,
    maxMessageBytes: bodyLimitBytes,
    portKey: `[${config.service}] port`,
    onReadinessChange,
  })
  // The gRPC server takes calls until open XsfCall sessions have told how they ended.
  const rpc = { ...options, inference: refuseWhenClosing(inference, () => grpc.isStopping) }
  const refusedBy = (protocol: string) => (model: string | undefined, error: ServiceError) => {
    refused(protocol, model, error)
  }
  if (protocols.xsf) {
    addXsfService(grpc, { ...rpc, ...authentication, onFailure: refusedBy('xsf') })
  }
  if (protocols.aigesV1) addAigesV1Service(grpc, { ...rpc, ...authentication, onFailure: refusedBy('aiges-v1') })
  if (protocols.oip.enabled) {
    addOipService(grpc, { ...oipOptions(rpc, isDraining), ...authentication, log, onFailure: refusedBy('oip-grpc') })
  }
  return {
    async listen() {
      const address = await listenHttp(http, config.http, config.tls?.http ? 'https' : 'http')
      const { host, port } = await grpc.start()
      return { http: address, grpc: formatAddress(host, port) }
    },
    async stop(graceMs) {
      draining = true
      grpc.unready()
      // Nobody sends anything to a daemon that never was ready.
      if (inference.models().some(({ readiness }) => readiness.ready)) await delay(config.unreadyMs)
      const reason = new ServiceError('not_ready', 'the service is shutting down')
      const over = setTimeout(() => options.abortAll(reason), graceMs)
      await Promise.all([closeHttp(graceMs + LAST_ANSWER_MS), grpc.stop(graceMs + LAST_ANSWER_MS)])
      clearTimeout(over)
    },
  }
}

/** Those that are switched on, in the order in which the API page shows them. A further protocol is an entry here. */
function createHttpFrontEnds(options: FrontEndOptions, isDraining: () => boolean): readonly HttpFrontEnd[] {
  const { config, inference, admin, log } = options
  const { ase, oip, openai, mindspore, edgeboard } = config.protocols
  const { bodyLimitBytes } = config.http
  const frontEnds: HttpFrontEnd[] = []
  if (ase.enabled) {
    const sidOrigin = { sub: config.sub, ...config.grpc }
    const webSocket = { ...config.ws, drainTimeoutMs: config.drainTimeoutMs, sidOrigin }
    frontEnds.push(aseFrontEnd({ inference, basePath: ase.path, log, ...config.ase, bodyLimitBytes, webSocket }))
  }
  if (oip.enabled) {
    const healthIsOpen = config.auth.open.includes('probes')
    const shared = oipOptions(options, isDraining)
    frontEnds.push(oipFrontEnd({ ...shared, basePath: oip.path, bodyLimitBytes, healthIsOpen }))
  }
  if (openai.enabled) frontEnds.push(openAiFrontEnd({ inference, basePath: openai.path, log }))
  if (mindspore.enabled) {
    frontEnds.push(mindSporeFrontEnd({ inference, basePath: mindspore.path, bodyLimitBytes, log }))
  }
  if (edgeboard.enabled) frontEnds.push(edgeBoardFrontEnd({ inference, basePath: edgeboard.path, log }))
  if (config.admin.enabled) frontEnds.push(adminApi({ inference, admin, ...config.admin }))
  return frontEnds
}

/** What the Open Inference Protocol needs in both of its forms. */
function oipOptions(options: FrontEndOptions, isDraining: () => boolean): OipOptions {
  const { config, inference, admin, metrics, version } = options
  const adminToken = config.admin.enabled ? config.admin.token : undefined
  return { inference, admin, adminToken, tallies: metrics.tallies, version, isDraining }
}

async function listenHttp(
  http: FastifyInstance,
  { host, port }: DaemonConfig['http'],
  scheme: string,
): Promise<string> {
  try {
    await http.listen({ host, port })
  } catch (error) {
    const inUse = (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
    const why = inUse
      ? 'is in use by another process; choose another port, or 0 for a free one'
      : `cannot be used: ${error}`
    throw new ServiceError('misconfigured', `http_listen: ${formatAddress(host, port)} ${why}`, { cause: error })
  }
  const bound = http.server.address() as AddressInfo
  return `${scheme}://${formatAddress(host, bound.port)}`
}
