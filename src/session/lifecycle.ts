import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { ManagedBackend, ReplicaStatus, WrapperBackend } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import { withoutPlaces } from '../core/public-text.js'
import { Turns } from '../core/turns.js'
import type { Model } from './model.js'

export interface LifecycleOptions<Plugin> {
  /**
   * Makes the plugins of a model, which are not started yet.
   * @throws Error that says why they cannot be
   */
  readonly createBackend: (model: Model, plugin: Plugin) => Promise<ManagedBackend>
  /** How long plugins that are replaced may finish what is in flight, in ms. */
  readonly drainTimeoutMs: number
  /** How long a plugin may take to end when nothing is in flight, in ms. */
  readonly stopGraceMs: number
  /** Called after every change of readiness. */
  readonly onChange: () => void
  /** Called whenever the plugins of a model did not start when they were asked to. */
  readonly onLoadFailed: (model: Model) => void
  readonly log: Logger
}

/** What a configuration says of the plugins of a model. */
export interface PluginSetup<Plugin> {
  /** How they are started; not looked at here. */
  readonly plugin: Plugin
  /** Whether they are started without being asked to. */
  readonly load: boolean
}

/**
 * The plugins of one version of a model: started, stopped, and exchanged for others while requests go on. What is asked
 * of it is done one after the other.
 */
export class Lifecycle<Plugin> {
  /** Those that requests get. */
  private current: ManagedBackend | undefined
  /** All that have not been stopped. */
  private readonly alive = new Set<ManagedBackend>()
  private readonly turns = new Turns()
  private stopping = false
  /** Whether it was asked to run and not to stop since. */
  private wanted = false

  constructor(
    readonly model: Model,
    private setup: PluginSetup<Plugin>,
    private readonly options: LifecycleOptions<Plugin>,
  ) {}

  /** @see ManagedBackend.replicas */
  get replicas(): readonly ReplicaStatus[] {
    return this.current?.replicas ?? []
  }

  /**
   * Starts the plugins; those that do not start are tried again in the background.
   * @throws Error with all that was seen of them
   */
  start(): Promise<void> {
    return this.inTurn(async () => {
      this.wanted = true
      await this.startAndKeepTrying(this.create(this.setup.plugin))
      this.assertGoingOn()
    })
  }

  /** @see AdminService.load */
  load(): Promise<void> {
    return this.inTurn(async () => {
      this.wanted = true
      if (!this.model.readiness.ready) await this.startAnew(this.setup.plugin)
    })
  }

  /** @see AdminService.unload */
  unload(): Promise<void> {
    return this.inTurn(async () => {
      const backend = this.current
      this.wanted = false
      await this.refuseAll('it was unloaded')
      this.idle('it was unloaded')
      if (backend !== undefined) await this.end(backend)
    })
  }

  /**
   * @see AdminService.reload
   * @param plugin how the new plugins are started; default: as those that run
   */
  reload(plugin: Plugin = this.setup.plugin): Promise<void> {
    return this.inTurn(async () => {
      const old = this.current
      this.wanted = true
      if (old === undefined) return this.startAnew(plugin)
      if (old.exclusive) return this.exchangeOneAfterTheOther(old, plugin)
      await this.switchTo(await this.startOrExplain(plugin))
      this.setup = { ...this.setup, plugin }
      this.retire(old).catch(error => this.logFailure(error))
    })
  }

  /**
   * Does what another configuration says: loads, unloads, or gives new plugins to a model that is to be started in another
   * way, or that is to run and does not.
   * @returns whether anything was done
   * @throws as `reload`; the plugins stay as they were then
   */
  async follow({ plugin, load }: PluginSetup<Plugin>): Promise<boolean> {
    const before = this.setup
    const mustRun = before.load === load ? this.wanted : load
    this.setup = { plugin: mustRun ? before.plugin : plugin, load }
    if (!mustRun && !this.wanted) return false
    if (mustRun && this.current !== undefined && isDeepStrictEqual(plugin, before.plugin)) return false
    await (mustRun ? this.reload(plugin) : this.unload())
    return true
  }

  /** Ends all plugins, those that are starting or being replaced too. Nothing can be asked of it afterwards. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true
    await Promise.all([...this.alive].map(backend => this.end(backend, graceMs)))
  }

  private async startAndKeepTrying(created: Promise<ManagedBackend>): Promise<void> {
    try {
      const backend = await created
      this.serve(backend)
      await backend.start()
    } catch (error) {
      if (this.current === undefined) this.idle(summaryOf(error))
      this.options.onLoadFailed(this.model)
      throw error
    }
  }

  /** Starts plugins where none are ready. */
  private async startAnew(plugin: Plugin): Promise<void> {
    const old = this.current
    const next = await this.startOrExplain(plugin, async () => {
      this.idle('it is being loaded')
      if (old) await this.end(old)
    })
    this.setup = { ...this.setup, plugin }
    this.serve(next)
  }

  private async switchTo(next: ManagedBackend): Promise<void> {
    try {
      await this.model.resources.inTurn(async () => {
        // Resources that came since it started went to the old one.
        await next.syncResources()
        this.serve(next)
      })
    } catch (error) {
      await this.end(next, 0)
      throw error
    }
  }

  /** The port of those that run has to be free before others can start; meanwhile requests are refused. */
  private async exchangeOneAfterTheOther(old: ManagedBackend, plugin: Plugin): Promise<void> {
    await this.refuseAll('it is being reloaded')
    this.idle('it is being reloaded')
    await this.end(old)
    try {
      this.serve(await this.startOrExplain(plugin))
      this.setup = { ...this.setup, plugin }
    } catch (error) {
      await this.startAndKeepTrying(this.create(this.setup.plugin)).catch(again => this.logFailure(again))
      throw error
    }
  }

  /**
   * @param before what has to be done when it is known how to start them, and before that is done
   * @throws ServiceError `misconfigured` with the reason why they did not start; they are gone by then
   */
  private async startOrExplain(plugin: Plugin, before?: () => Promise<void>): Promise<ManagedBackend> {
    let backend: ManagedBackend | undefined
    try {
      backend = await this.create(plugin)
      await before?.()
      await backend.start()
    } catch (error) {
      if (backend) await this.end(backend, 0)
      if (this.current === undefined) this.idle(summaryOf(error))
      this.options.onLoadFailed(this.model)
      this.logFailure(error)
      throw new ServiceError('misconfigured', `${this.model.name} does not start: ${summaryOf(error)}`, {
        cause: error,
      })
    }
    this.assertGoingOn()
    return backend
  }

  private async create(plugin: Plugin): Promise<ManagedBackend> {
    const backend = await this.options.createBackend(this.model, plugin)
    this.assertGoingOn()
    this.alive.add(backend)
    backend.onChange(this.options.onChange)
    return backend
  }

  private serve(backend: ManagedBackend): void {
    this.current = backend
    this.model.use(backend)
    this.options.onChange()
  }

  /** Takes no more requests; resolves when those that wait and run have ended, or were ended because the time is over. */
  private async refuseAll(why: string): Promise<void> {
    this.model.refuse(why)
    this.options.onChange()
    await this.model.quiet(this.options.drainTimeoutMs)
    this.model.abortAll(new ServiceError('not_ready', `${this.model.name} is not ready: ${why}`))
  }

  /** There are no plugins from now on. */
  private idle(why: string): void {
    this.current = undefined
    this.model.use(noBackend(why))
    this.options.onChange()
  }

  private async retire(old: ManagedBackend): Promise<void> {
    await old.drain(this.options.drainTimeoutMs)
    await this.end(old)
  }

  private async end(backend: ManagedBackend, graceMs = this.options.stopGraceMs): Promise<void> {
    await backend.stop(graceMs)
    this.alive.delete(backend)
  }

  private inTurn(work: () => Promise<void>): Promise<void> {
    return this.turns.take(async () => {
      this.assertGoingOn()
      await work()
    })
  }

  private logFailure(error: unknown): void {
    this.options.log.error(nameOf(this.model), textOf(error))
  }

  private assertGoingOn(): void {
    if (this.stopping) throw new ServiceError('not_ready', 'the model is being stopped')
  }
}

/** What a model has while its plugins do not run. */
export function noBackend(why: string): WrapperBackend {
  return {
    readiness: { ready: false, why },
    restarting: false,
    schema: undefined,
    abilities: undefined,
    version: undefined,
    signature: undefined,
    methods: undefined,
    acquire() {
      throw new ServiceError('not_ready', why)
    },
    syncResources: async () => {},
    onChange: () => () => {},
  }
}

/** A model and its version, for the log. */
export function nameOf({ name, version }: Model): { readonly model: string; readonly version: string } {
  return { model: name, version }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** What clients may see of it; all of it is for the log. */
function summaryOf(error: unknown): string {
  return withoutPlaces(textOf(error))
}
