import { EventEmitter } from 'node:events'
import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { Apps } from './auth/apps.js'
import { guardInference } from './auth/guarded-inference.js'
import type { ConfigNotice, DaemonConfig } from './config/daemon-config.js'
import { loadConfig } from './config/load-config.js'
import type { ReplicaStatus } from './core/backend.js'
import { ServiceError } from './core/error.js'
import { certificateReloader, onCertificateChange } from './daemon/certificate-reload.js'
import { configReloader, isOutdated, onFileChange } from './daemon/config-reload.js'
import { createPlugins, modelSpecs, type PluginSpec } from './daemon/model-plugins.js'
import { aborted, type DaemonSignals, takeSignals } from './daemon/signals.js'
import { PluginStartError } from './plugin/diagnosis.js'
import { findPluginUser } from './plugin/plugin-user.js'
import { reapAdoptedZombies } from './plugin/runner/adopted-zombies.js'
import { createSocketFolder, removeStaleFolders } from './plugin/socket-folder.js'
import { LocalInferenceService } from './session/inference-service.js'
import type { Model } from './session/model.js'
import { ModelRegistry } from './session/registry.js'
import { ServedModels } from './session/served-models.js'
import { instrumentInference } from './telemetry/instrumented-inference.js'
import { createLogger } from './telemetry/logging.js'
import { createMetrics, type Metrics } from './telemetry/metrics.js'
import { createRefusalLog } from './telemetry/refusal-log.js'
import { createServerIdentity } from './tls/server-identity.js'

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

/** How long what listens waits for the interpreters of the plugins to say what they have, in ms. */
const LAUNCH_WAIT_MS = 200

/**
 * Runs a daemon until it is told to stop: SIGTERM or SIGINT stop it in order, a second one at once. SIGHUP has it read its
 * configuration again.
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
  const signals = takeSignals(log)
  try {
    const daemon = await startDaemon(config, log, signals)
    await aborted(signals.stop)
    await daemon.stop()
    log.info('stopped')
    return 0
  } catch (error) {
    if (signals.stop.aborted) return 0
    const known = error instanceof PluginStartError || error instanceof ServiceError
    log.fatal(known ? {} : { err: error }, error instanceof Error ? error.message : String(error))
    return 1
  } finally {
    await logging.close()
  }
}

/**
 * Starts everything that a configuration asks for; resolves when requests are served.
 * @param signals `stop` abandons a start that is under way, a reload reads the configuration again
 * @throws PluginStartError of the first model, when none of them became ready
 * @throws ServiceError `misconfigured` when a port cannot be had
 */
export async function startDaemon(config: DaemonConfig, log: Logger, signals: DaemonSignals): Promise<Daemon> {
  const steps: (() => Promise<void> | void)[] = []
  const stop = async () => {
    for (const step of steps.splice(0).reverse()) await step()
  }
  try {
    const user = config.runAs === undefined ? undefined : findPluginUser(config.runAs)
    const sockets = createSocketFolder(undefined, user)
    steps.push(() => sockets.remove())
    steps.push(await reapAdoptedZombies(log))
    const registry = new ModelRegistry()
    const metrics = createMetrics({ version: VERSION })
    const refusals = createRefusalLog(log)
    steps.push(() => refusals.close())
    const changes = new EventEmitter()
    const specs = modelSpecs(config)
    const place = { socketFolder: sockets.path, user, signal: signals.stop }
    const launches = countdown(specs.filter(({ load }) => load).length)
    const models = new ServedModels(specs, {
      registry,
      createBackend: (model, plugin) => createPlugins(model, plugin, place, metrics, log).finally(launches.count),
      drainTimeoutMs: config.drainTimeoutMs,
      stopGraceMs: SHUTDOWN_GRACE_MS,
      onChange: () => changes.emit('change'),
      onAdded: (model, replicas) => observe(metrics, model, replicas),
      onLoadFailed: model => metrics.loadFailed(model.name, model.version),
      log,
    })
    steps.push(() => models.stop(SHUTDOWN_GRACE_MS))
    const identity = config.tls && createServerIdentity(config.tls)
    if (config.tls && identity) {
      const reloadCertificates = certificateReloader(identity, log)
      signals.onReload(reloadCertificates)
      steps.push(onCertificateChange(config.tls, reloadCertificates))
    }
    const started = startModels(models, signals.stop)
    // It is waited for at the end, unless something else ends the start before.
    started.catch(() => {})
    // gRPC and the front-ends are the larger part of the code. The one is loaded while the interpreters say what they
    // have, the others while the plugins start, which has to have begun: nothing else is done while code is loaded.
    const begun = Promise.all([launches.over, import('./plugin/plugin-connection.js')])
    // When the plugins are not to be started any more, or none can be, there is nothing to load the front-ends for.
    await Promise.race([begun, started, delay(LAUNCH_WAIT_MS, undefined, { ref: false })])
    const { createFrontEnds } = await import('./front-ends.js')
    const service = new LocalInferenceService(registry)
    const apps = config.auth.enabled ? new Apps(config.apps) : undefined
    const frontEnds = createFrontEnds({
      version: VERSION,
      config,
      inference: instrumentInference(apps === undefined ? service : guardInference(service, apps), metrics, refusals),
      apps,
      identity,
      admin: models,
      metrics,
      refusals,
      log,
      onReadinessChange: listener => {
        changes.on('change', listener)
        return () => changes.off('change', listener)
      },
      abortAll: reason => service.abortAll(reason),
    })
    steps.push(() => frontEnds.stop(config.drainTimeoutMs))
    void removeStaleFolders()
    // Listening does not wait for the wrappers, so that /livez and /readyz can say what is going on.
    const address = await frontEnds.listen()
    const read = () => loadConfig({ ...config, env: process.env })
    const reload = configReloader({
      config,
      read,
      apply: next => {
        apps?.replace(next.apps)
        return models.apply(modelSpecs(next))
      },
      log,
    })
    signals.onReload(reload)
    if (config.reloadOnChange) {
      steps.push(onFileChange(config.file, reload))
      // What changed between the file's being read and now.
      if (isOutdated({ config, read })) void reload()
    }
    await started
    log.info({ ...address, models: registry.all.map(({ name, version }) => `${name} ${version}`) }, 'ready')
    return { stop }
  } catch (error) {
    await stop()
    throw error
  }
}

function observe(
  metrics: Metrics,
  { name, version, slots }: Model,
  replicas: () => readonly ReplicaStatus[],
): () => void {
  slots.onWaited = ms => metrics.waited(name, version, ms)
  return metrics.observeModel(name, version, {
    slots: () => slots.total,
    slotsInUse: () => slots.inUse,
    queueLength: () => slots.queued,
    replicas,
  })
}

/** `over` resolves when `count` has been called so many times. */
function countdown(times: number): { readonly over: Promise<void>; readonly count: () => void } {
  let left = times
  let finish = () => {}
  const over = new Promise<void>(resolve => {
    finish = resolve
  })
  const count = () => {
    left -= 1
    if (left === 0) finish()
  }
  if (left === 0) finish()
  return { over, count }
}

/** A signal ends a start at once; later it first lets what is in flight end. */
async function startModels(models: ServedModels<PluginSpec>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const abandon = () => void models.stop(0)
  signal.addEventListener('abort', abandon)
  try {
    await models.start()
  } finally {
    signal.removeEventListener('abort', abandon)
  }
  signal.throwIfAborted()
}
