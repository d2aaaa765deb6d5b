import type { Logger } from 'pino'
import type { DaemonConfig, ModelConfig, PluginConfig } from '../config/daemon-config.js'
import { inheritedEnvironment } from '../plugin/inherited-environment.js'
import { type Launch, prepareLaunch } from '../plugin/launch.js'
import { nativeLaunch } from '../plugin/native-launch.js'
import type { PluginUser } from '../plugin/plugin-user.js'
import { ReplicaSet } from '../plugin/replica-set.js'
import type { Model } from '../session/model.js'
import type { ModelSpec } from '../session/served-models.js'
import type { Metrics } from '../telemetry/metrics.js'

/** All that the plugins of a model depend on: when it changes, they have to be started anew. */
export interface PluginSpec extends PluginConfig, Pick<ModelConfig, 'kind' | 'folder'> {}

/** What a configuration says of its models, in the words of the session layer. */
export function modelSpecs({ models }: Pick<DaemonConfig, 'models'>): readonly ModelSpec<PluginSpec>[] {
  return models.map(({ name, version, aliases, mid, kind, folder, load, plugin, admission }) => {
    const options = { name, version, aliases, ...(mid !== undefined && { mid }), ...admission }
    return { options, plugin: { kind, folder, ...plugin }, load }
  })
}

/** What the plugins of all models have in common; see `LaunchOptions`. */
export interface PluginPlace {
  readonly socketFolder: string | undefined
  readonly user: PluginUser | undefined
  /** Aborts when the daemon stops. */
  readonly signal: AbortSignal
}

/**
 * Makes the plugins of a model, ready to be started.
 * @throws PluginStartError when its interpreter cannot run or lacks something
 */
export async function createPlugins(
  model: Model,
  spec: PluginSpec,
  place: PluginPlace,
  metrics: Pick<Metrics, 'wrapper'>,
  log: Logger,
): Promise<ReplicaSet> {
  const launch = await launchOf(model, spec, place, log)
  const { name, version, resources } = model
  const series = metrics.wrapper(name, version)
  return new ReplicaSet({ ...spec, model: name, version, launch, resources: resources.byNumber, series, log })
}

async function launchOf(
  { name, slots }: Model,
  spec: PluginSpec,
  { socketFolder, user, signal }: PluginPlace,
  log: Logger,
): Promise<Launch> {
  const { command, tls, native, folder: cwd, startTimeoutMs: probeTimeoutMs } = spec
  const { env, withheld } = inheritedEnvironment(process.env, spec.passEnv)
  if (withheld.length > 0) {
    const what = `${withheld.length} variables of the daemon's environment are kept from the plugins of ${name}`
    log.info(`${what}; [aiges] passEnv names those that they need (the log level debug lists them)`)
    log.debug({ withheld }, 'variables that are kept from the plugins')
  }
  const place = { cwd, socketFolder, user, env }
  if (native) return nativeLaunch({ ...native, ...place, tls, slots: slots.total })
  return prepareLaunch({ command, tls, ...place, probeTimeoutMs, signal })
}
