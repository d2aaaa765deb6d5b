import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { ConfigNotice, DaemonConfig } from './config/daemon-config.js'
import { ServiceError } from './core/error.js'
import { PluginStartError } from './plugin/diagnosis.js'
import { prepareLaunch } from './plugin/launch.js'
import { ReplicaSet } from './plugin/replica-set.js'
import { createSocketFolder } from './plugin/socket-folder.js'
import { adminRoutes } from './protocols/admin/routes.js'
import { aseRoutes } from './protocols/ase/routes.js'
import { createHttpServer } from './protocols/shared/http-server.js'
import { createXsfServer, type XsfServer } from './protocols/xsf/server.js'
import { formatAddress } from './rpc/server.js'
import { LocalInferenceService } from './session/inference-service.js'
import { Model } from './session/model.js'
import { instrumentInference } from './telemetry/instrumented-inference.js'
import { createLogger } from './telemetry/logging.js'
import { createMetrics } from './telemetry/metrics.js'

/** A daemon that serves. */
export interface Daemon {
  /** Stops from outside in: unready, no new connections, work in flight finished, plugins ended. */
  stop(): Promise<void>
}

const { version: VERSION } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string
}

/** How long a plugin may take for wrapperFini once nothing is in flight, in ms. */
const SHUTDOWN_GRACE_MS = 3000

/**
 * Runs a daemon until it is told to stop: SIGTERM or SIGINT stop it in order, a second one at once.
 * @returns the exit code: 0 after an orderly stop, 1 when it could not start
 */
export async function runDaemon(config: DaemonConfig, notices: readonly ConfigNotice[]): Promise<number> {
  const logging = await createLogger({ ...config.log, pretty: process.stdout.isTTY === true })
  const { log } = logging
  for (const { level, message } of notices) log[level](message)
  process.on('uncaughtException', (error, origin) => {
    log.fatal({ err: error, origin }, 'a fault in the daemon itself; it ends')
    void logging.close().finally(() => process.exit(1))
  })
  const stopping = stopSignal(log)
  try {
    const daemon = await startDaemon(config, log, stopping)
    await aborted(stopping)
    await daemon.stop()
    log.info('stopped')
    return 0
  } catch (error) {
    if (stopping.aborted) return 0
    const known = error instanceof PluginStartError || error instanceof ServiceError
    log.fatal(known ? {} : { err: error }, error instanceof Error ? error.message : String(error))
    return 1
  } finally {
    await logging.close()
  }
}

/**
 * Starts everything that a configuration asks for; resolves when requests are served.
 * @param signal abandons a start that is under way
 * @throws PluginStartError when the only model never became ready
 * @throws ServiceError `misconfigured` when a port cannot be had
 */
export async function startDaemon(config: DaemonConfig, log: Logger, signal: AbortSignal): Promise<Daemon> {
  const steps: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const step of steps.splice(0).reverse()) await step()
  }
  try {
    const sockets = createSocketFolder()
    steps.push(() => sockets.remove())
    const replicas = await createReplicas(config, sockets.path, log)
    steps.push(() => replicas.stop(SHUTDOWN_GRACE_MS))

    const model = new Model({ name: config.service, ...config.admission }, replicas)
    const metrics = createMetrics({ version: VERSION })
    metrics.observeModel(config.service, {
      slots: () => model.slots.total,
      slotsInUse: () => model.slots.inUse,
      queueLength: () => model.slots.queued,
      replicasUp: () => replicas.up,
    })
    const inference = instrumentInference(new LocalInferenceService([model]), metrics)

    let draining = false
    const { bodyLimitBytes } = config.http
    const http = createHttpServer({ ...config.http, log })
    http.register(aseRoutes, { inference, log, ...config.ase, bodyLimitBytes })
    http.register(adminRoutes, { inference, metrics, isDraining: () => draining })
    const xsf = createXsfServer({
      ...config.grpc,
      inference,
      log,
      maxMessageBytes: bodyLimitBytes,
      portKey: `[${config.service}] port`,
      onReadinessChange: listener => replicas.onChange(listener),
    })
    steps.push(async () => {
      draining = true
      await Promise.all([closeHttp(http, config.drainTimeoutMs), xsf.stop(config.drainTimeoutMs)])
    })
    // Listening comes before the wrapper is ready, so that /livez and /readyz can say what is going on.
    const address = await listen(http, xsf, config)
    signal.throwIfAborted()
    signal.addEventListener('abort', () => void replicas.stop(0), { once: true })
    await replicas.start()
    signal.throwIfAborted()
    log.info({ ...address, model: config.service }, 'ready')
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function createReplicas(
  config: DaemonConfig,
  socketFolder: string | undefined,
  log: Logger,
): Promise<ReplicaSet> {
  const { command, startTimeoutMs } = config.plugin
  const place = { env: process.env, cwd: process.cwd(), socketFolder }
  const launch = await prepareLaunch({ command, ...place, probeTimeoutMs: startTimeoutMs })
  return new ReplicaSet({ ...config.plugin, model: config.service, launch, log })
}

/** Resolves with the addresses as they were really bound. */
async function listen(
  http: FastifyInstance,
  xsf: XsfServer,
  config: DaemonConfig,
): Promise<{ http: string; grpc: string }> {
  const { host, port } = config.http
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
  const grpc = await xsf.start()
  return { http: `http://${formatAddress(host, bound.port)}`, grpc: formatAddress(grpc.host, grpc.port) }
}

/** Lets requests in flight end for up to `graceMs`, then cuts the rest off. */
async function closeHttp(http: FastifyInstance, graceMs: number): Promise<void> {
  const force = setTimeout(() => http.server.closeAllConnections(), graceMs)
  await http.close()
  clearTimeout(force)
}

/** Aborts at the first SIGTERM or SIGINT; a second one ends the process at once, its plugins with it. */
function stopSignal(log: Logger): AbortSignal {
  const controller = new AbortController()
  const onSignal = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1)
    log.info(`${name}: stopping; a second signal ends at once`)
    controller.abort(new Error(name))
  }
  process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  return controller.signal
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
