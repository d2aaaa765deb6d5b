import type { Logger } from 'pino'
import type { Lease, ManagedBackend, ReplicaStatus, Resources } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { MethodInfo, ModelAbilities, ModelSchema, Readiness, Signature } from '../core/model.js'
import type { WrapperSeries } from '../telemetry/wrapper-metrics.js'
import type { Launch } from './launch.js'
import type { Place } from './place.js'
import type { RunningPlugin } from './plugin-process.js'
import { WATCH_TIMES, type WatchTimes } from './plugin-watch.js'
import { type RecycledSet, startRecycling } from './recycling.js'
import { Replica, type ReplicaOptions } from './replica.js'
import { type LeaseOptions, type Places, ReplicaLease } from './replica-lease.js'

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
  /** @see LeaseOptions.hangTimeoutMs; 0: never. Default 0. */
  readonly hangTimeoutMs?: number
  /** @see LeaseOptions.retryCrashed. Default false. */
  readonly retryCrashed?: boolean
  /** @see RecycleLimits; both default 0. */
  readonly recycleRequests?: number
  readonly recycleMemoryMiB?: number
  /** Default: WATCH_TIMES. */
  readonly watchTimes?: WatchTimes
  readonly log: Logger
}

/** How long a plugin that is exchanged may take for wrapperFini, in ms. */
const STOP_GRACE_MS = 3000

/** How long requests are held back for one that is exchanged and cannot run beside its successor, in ms. */
const EXCLUSIVE_DRAIN_MS = 30_000

/** All replicas of one version of a model. */
export class ReplicaSet implements ManagedBackend, Places, RecycledSet {
  private readonly members: Replica[]
  /** Replicas that others have taken the place of. */
  private readonly retiring = new Set<Replica>()
  private readonly listeners = new Set<() => void>()
  private readonly log: Logger
  /** What the wrapper said of itself stays known while it is being restarted. */
  private known: RunningPlugin | undefined
  private leases = 0
  private onDrained: (() => void) | undefined
  private readonly leaseOptions: LeaseOptions
  private endRecycling = () => {}

  constructor(private readonly options: ReplicaSetOptions) {
    this.log = options.log
    const { hangTimeoutMs = 0, retryCrashed = false } = options
    this.leaseOptions = { hangTimeoutMs: hangTimeoutMs || Number.POSITIVE_INFINITY, retryCrashed }
    this.members = Array.from({ length: options.replicas }, (_, index) => this.create(index))
  }

  /**
   * Starts every replica. Those that fail are tried again in the background.
   */
  async start(): Promise<void> {
    const { recycleRequests: requests = 0, recycleMemoryMiB: memoryMiB = 0 } = this.options
    if (requests || memoryMiB) this.endRecycling = startRecycling({ requests, memoryMiB }, this, this.log)
    await Promise.all(this.members.map(replica => replica.start()))
    for (const { state } of this.members) {
      if (state.kind !== 'backoff') continue
      if (!this.readiness.ready) throw state.error
      this.log.error(state.error.message)
    }
  }

  drain(timeoutMs: number): Promise<void> {
    if (this.leases === 0) return Promise.resolve()
    return new Promise(resolve => {
      const timer = setTimeout(resolve, timeoutMs)
      this.onDrained = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  async stop(graceMs: number): Promise<void> {
    this.endRecycling()
    await Promise.all([...this.members, ...this.retiring].map(replica => replica.stop(graceMs)))
  }

  get readiness(): Readiness {
    // Where no two plugins can run at the same time, requests wait for the next one.
    if (this.members.some(({ ready, resting }) => ready || resting)) return { ready: true }
    // Said while it is tried again, too.
    const [failed] = this.members.filter(replica => replica.failure !== undefined)
    if (failed?.failure === undefined) return { ready: false, why: `the plugin is ${this.members[0]?.state.kind}` }
    const loop = failed.crashLooping ? 'crash loop: ' : ''
    return { ready: false, why: `${loop}the plugin did not start: ${failed.failure.summary}` }
  }

  get restarting(): boolean {
    return !this.readiness.ready && this.known !== undefined && this.members.some(({ expected }) => expected)
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

  get replicas(): readonly ReplicaStatus[] {
    return this.members.map(({ ready, crashLooping }) => ({ up: ready, crashLoop: crashLooping }))
  }

  acquire(): Lease {
    const place = this.take()
    if (place === undefined && !this.members.some(({ resting }) => resting)) throw this.notReady()
    this.leases += 1
    return new ReplicaLease(place, this, this.leaseOptions)
  }

  take(): Place | undefined {
    let best: { replica: Replica; plugin: RunningPlugin } | undefined
    for (const replica of this.members) {
      if (replica.state.kind !== 'ready' || replica.resting) continue
      if (best === undefined || replica.busy < best.replica.busy) best = { replica, plugin: replica.state.plugin }
    }
    if (best) return best.replica.take(best.plugin)
    if (this.members.some(({ expected }) => expected)) return undefined
    throw this.notReady()
  }

  returned(): void {
    this.leases -= 1
    if (this.leases === 0) this.onDrained?.()
  }

  /** @see RecycledSet */
  get running(): readonly Replica[] {
    return this.members.filter(({ ready }) => ready)
  }

  async exchange(old: Replica): Promise<boolean> {
    if (this.exclusive) return old.restart(EXCLUSIVE_DRAIN_MS, STOP_GRACE_MS)
    const index = this.members.indexOf(old)
    const next = this.create(index)
    this.retiring.add(next)
    await next.start()
    this.retiring.delete(next)
    if (next.state.kind !== 'ready') {
      if (next.state.kind === 'backoff') this.log.error(next.state.error.message)
      await next.stop(0)
      return false
    }
    this.members[index] = next
    this.retiring.add(old)
    this.changed()
    await old.retire(STOP_GRACE_MS)
    this.retiring.delete(old)
    return true
  }

  async syncResources(): Promise<void> {
    const ready = this.members.flatMap(({ state }) => (state.kind === 'ready' ? [state.plugin] : []))
    await Promise.all(ready.map(({ resources }) => resources.sync()))
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  private notReady(): ServiceError {
    const { readiness } = this
    const why = readiness.ready ? 'no plugin takes requests' : readiness.why
    return new ServiceError('not_ready', `${this.options.model} is not ready: ${why}`)
  }

  private create(index: number): Replica {
    const { model, version, launch, resources = new Map(), series, startTimeoutMs, termGraceMs = 5000 } = this.options
    const {
      wrapperConfig: config,
      concurrency,
      maxBatch = 0,
      maxBatchDelayMs = 0,
      watchTimes = WATCH_TIMES,
    } = this.options
    const log = this.options.log.child({ model, version, replica: index })
    const { hangTimeoutMs } = this.leaseOptions
    const options: ReplicaOptions = {
      ...{ launch, resources, series, startTimeoutMs, termGraceMs, hangTimeoutMs, watchTimes, log },
      init: { config, model, concurrency, maxBatch, maxBatchDelayMs },
    }
    return new Replica(options, () => this.changed(), log)
  }

  private changed(): void {
    for (const { state } of this.members) if (state.kind === 'ready') this.known = state.plugin
    for (const listener of this.listeners) listener()
  }
}
