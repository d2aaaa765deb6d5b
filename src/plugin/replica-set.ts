import type { Logger } from 'pino'
import type { Lease, ManagedBackend, Resources } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { MethodInfo, ModelAbilities, ModelSchema, Readiness, Signature } from '../core/model.js'
import type { WrapperSeries } from '../telemetry/wrapper-metrics.js'
import type { Launch } from './launch.js'
import type { RunningPlugin } from './plugin-process.js'
import { Replica } from './replica.js'

export interface ReplicaSetOptions {
  readonly model: string
  /** Version of the model, for the log. */
  readonly version: string
  readonly launch: Launch
  /** The wrapper's own configuration, handed to wrapperInit. */
  readonly wrapperConfig: Readonly<Record<string, string>>
  /** Plugins of this model. */
  readonly replicas: number
  /** Calls that one replica runs at the same time (protocol 2). */
  readonly concurrency: number
  /** @see PluginInit.maxBatch. Default 0. */
  readonly maxBatch?: number
  /** @see PluginInit.maxBatchDelayMs. Default 0. */
  readonly maxBatchDelayMs?: number
  readonly startTimeoutMs: number
  /** Those of the model, as they change. Default: none. */
  readonly resources?: Resources
  /** Where the numbers go that the wrapper reports. Default: into the log alone. */
  readonly series?: WrapperSeries
  /** How long a plugin may take to end after SIGTERM before it is killed, in ms. Default 5000. */
  readonly termGraceMs?: number
  readonly log: Logger
}

/** All replicas of one version of a model. */
export class ReplicaSet implements ManagedBackend {
  private readonly replicas: readonly Replica[]
  private readonly listeners = new Set<() => void>()
  private readonly log: Logger
  /** What the wrapper said of itself stays known while it is being restarted. */
  private known: RunningPlugin | undefined

  constructor(options: ReplicaSetOptions) {
    this.log = options.log
    const { model, version, launch, resources = new Map(), series, startTimeoutMs, termGraceMs = 5000 } = options
    const { wrapperConfig: config, concurrency, maxBatch = 0, maxBatchDelayMs = 0 } = options
    const init = { config, model, concurrency, maxBatch, maxBatchDelayMs }
    this.replicas = Array.from({ length: options.replicas }, (_, index) => {
      const log = options.log.child({ model, version, replica: index })
      return new Replica(
        { launch, init, resources, series, startTimeoutMs, termGraceMs, log },
        () => this.changed(),
        log,
      )
    })
  }

  /**
   * Starts every replica. Those that fail are tried again in the background.
   */
  async start(): Promise<void> {
    await Promise.all(this.replicas.map(replica => replica.start()))
    for (const { state } of this.replicas) {
      if (state.kind !== 'backoff') continue
      if (!this.readiness.ready) throw state.error
      this.log.error(state.error.message)
    }
  }

  drain(timeoutMs: number): Promise<void> {
    return new Promise(resolve => {
      const check = () => {
        if (this.replicas.some(({ busy }) => busy > 0)) return
        clearTimeout(timer)
        resolve()
      }
      const timer = setTimeout(resolve, timeoutMs)
      for (const replica of this.replicas) replica.onIdle = check
      check()
    })
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.replicas.map(replica => replica.stop(graceMs)))
  }

  get readiness(): Readiness {
    if (this.replicas.some(({ state }) => state.kind === 'ready')) return { ready: true }
    // Said while it is tried again, too.
    const failure = this.replicas.find(replica => replica.failure !== undefined)?.failure
    const why = failure
      ? `the plugin did not start: ${failure.summary}`
      : `the plugin is ${this.replicas[0]?.state.kind}`
    return { ready: false, why }
  }

  get exclusive(): boolean {
    return this.known?.exclusive ?? false
  }

  get schema(): ModelSchema | undefined {
    return this.known?.schema
  }

  get abilities(): ModelAbilities | undefined {
    return this.known?.description.abilities
  }

  get version(): string | undefined {
    return this.known?.description.version ?? this.known?.schema?.version
  }

  get signature(): Signature | undefined {
    return this.known?.description.signature
  }

  get methods(): readonly MethodInfo[] | undefined {
    return this.known?.description.methods
  }

  get up(): readonly boolean[] {
    return this.replicas.map(replica => replica.state.kind === 'ready')
  }

  acquire(): Lease {
    let best: { replica: Replica; plugin: RunningPlugin } | undefined
    for (const replica of this.replicas) {
      if (replica.state.kind !== 'ready' || (best && best.replica.busy <= replica.busy)) continue
      best = { replica, plugin: replica.state.plugin }
    }
    if (best === undefined) throw new ServiceError('not_ready', 'no plugin is ready')
    return best.replica.acquire(best.plugin)
  }

  async syncResources(): Promise<void> {
    const ready = this.replicas.flatMap(({ state }) => (state.kind === 'ready' ? [state.plugin] : []))
    await Promise.all(ready.map(({ resources }) => resources.sync()))
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private changed(): void {
    for (const { state } of this.replicas) if (state.kind === 'ready') this.known = state.plugin
    for (const listener of this.listeners) listener()
  }
}
