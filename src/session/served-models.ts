import type { Logger } from 'pino'
import type { AdminService } from '../core/admin.js'
import type { ReplicaStatus } from '../core/backend.js'
import type { Payload } from '../core/payload.js'
import { Lifecycle, type LifecycleOptions, nameOf, noBackend, type PluginSetup } from './lifecycle.js'
import { Model, type ModelOptions } from './model.js'
import type { ModelRegistry } from './registry.js'
import { ModelResources } from './resources.js'

/** What a configuration says of one version of a model. */
export interface ModelSpec<Plugin> extends PluginSetup<Plugin> {
  readonly options: ModelOptions
}

export interface ServedModelsOptions<Plugin> extends LifecycleOptions<Plugin> {
  readonly registry: ModelRegistry
  /** Called for every model that there is from now on; the function that it returns is called when it is taken away. */
  readonly onAdded: (model: Model, replicas: () => readonly ReplicaStatus[]) => () => void
}

interface Entry<Plugin> {
  readonly lifecycle: Lifecycle<Plugin>
  readonly forget: () => void
}

/** The models that a configuration asks for, and what changes them at run time. */
export class ServedModels<Plugin> implements AdminService {
  private readonly entries = new Map<string, Entry<Plugin>>()
  /** Those that are no longer served and have not ended. */
  private readonly leaving = new Set<Lifecycle<Plugin>>()
  /** By the models' names. */
  private readonly resources = new Map<string, ModelResources>()
  private readonly registry: ModelRegistry
  private readonly log: Logger
  private loading: readonly Lifecycle<Plugin>[] = []
  private ending = false

  /** @param specs the first models; they are known at once, and run when `start` is called */
  constructor(
    specs: readonly ModelSpec<Plugin>[],
    private readonly options: ServedModelsOptions<Plugin>,
  ) {
    this.registry = options.registry
    this.log = options.log
    this.loading = this.enter(specs)
  }

  /**
   * Starts the models that are to be loaded. Those that do not start are tried again in the background.
   * @throws what was seen of the first one, when all of them failed
   */
  async start(): Promise<void> {
    const started = await Promise.allSettled(this.loading.map(lifecycle => lifecycle.start()))
    const failures = this.loading.flatMap((lifecycle, index) => {
      const result = started[index]
      return result?.status === 'rejected' ? [{ lifecycle, error: result.reason as Error }] : []
    })
    const [first, ...others] = failures
    if (first === undefined) return
    const none = failures.length === started.length
    for (const { lifecycle, error } of none ? others : failures) this.logFailure(lifecycle, error.message)
    if (none) throw first.error
  }

  /**
   * Makes the models those of another configuration: what is new appears, what is gone disappears, and a model whose
   * plugins are started in another way gets new ones, or keeps the old if the new do not start. Resolves when all that
   * is decided; what went wrong is in the log.
   */
  async apply(specs: readonly ModelSpec<Plugin>[]): Promise<void> {
    const gone = new Map(this.entries)
    for (const { options } of specs) gone.delete(keyOf(options))
    const names = new Set(specs.map(({ options }) => options.name))
    for (const name of this.resources.keys()) if (!names.has(name)) this.resources.delete(name)
    const known = specs.flatMap(spec => {
      const lifecycle = this.entries.get(keyOf(spec.options))?.lifecycle
      return lifecycle ? [{ lifecycle, spec }] : []
    })
    for (const [key, { forget }] of gone) {
      this.entries.delete(key)
      forget()
    }
    const added = this.enter(specs)
    this.options.onChange()
    await Promise.all([
      ...added.map(lifecycle => this.begin(lifecycle)),
      ...known.map(({ lifecycle, spec }) => this.follow(lifecycle, spec)),
      ...[...gone.values()].map(({ lifecycle }) => this.remove(lifecycle)),
    ])
  }

  setSlots(model: string, slots: number): void {
    for (const version of this.registry.versionsOf(model)) version.slots.resize(slots)
  }

  loadResource(model: string, payloads: readonly Payload[]): Promise<string> {
    const versions = this.registry.versionsOf(model)
    return versions[0].resources.load(versions, payloads)
  }

  unloadResource(model: string, id: string): Promise<void> {
    const versions = this.registry.versionsOf(model)
    return versions[0].resources.unload(versions, id)
  }

  load(model: string, version?: string): Promise<void> {
    return this.each(model, version, lifecycle => lifecycle.load())
  }

  unload(model: string, version?: string): Promise<void> {
    return this.each(model, version, lifecycle => lifecycle.unload())
  }

  reload(model: string, version?: string): Promise<void> {
    return this.each(model, version, lifecycle => lifecycle.reload())
  }

  /** Ends all plugins. */
  async stop(graceMs: number): Promise<void> {
    this.ending = true
    const served = [...this.entries.values()].map(({ lifecycle }) => lifecycle)
    await Promise.all([...served, ...this.leaving].map(lifecycle => lifecycle.stop(graceMs)))
  }

  /** Makes the registry that of the specs. @returns those that are new and to be loaded */
  private enter(specs: readonly ModelSpec<Plugin>[]): readonly Lifecycle<Plugin>[] {
    const added: Lifecycle<Plugin>[] = []
    const models = specs.map(({ options, plugin, load }) => {
      const known = this.entries.get(keyOf(options))?.lifecycle.model
      if (known !== undefined) {
        known.configure(options)
        return known
      }
      const backend = noBackend(load ? 'it is being loaded' : 'it is not loaded')
      const model = new Model(options, backend, this.resourcesOf(options.name))
      const lifecycle = new Lifecycle(model, { plugin, load }, this.options)
      const forget = this.options.onAdded(model, () => lifecycle.replicas)
      this.entries.set(keyOf(options), { lifecycle, forget })
      if (load) added.push(lifecycle)
      return model
    })
    this.registry.replaceAll(models)
    return added
  }

  private resourcesOf(name: string): ModelResources {
    const resources = this.resources.get(name) ?? new ModelResources()
    this.resources.set(name, resources)
    return resources
  }

  private async begin(lifecycle: Lifecycle<Plugin>): Promise<void> {
    try {
      await lifecycle.start()
    } catch (error) {
      this.logFailure(lifecycle, error instanceof Error ? error.message : String(error))
    }
  }

  private async follow(lifecycle: Lifecycle<Plugin>, spec: ModelSpec<Plugin>): Promise<void> {
    try {
      if (await lifecycle.follow(spec)) this.log.info(nameOf(lifecycle.model), 'follows the configuration')
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      this.logFailure(lifecycle, `its plugins stay as they were: ${why}`)
    }
  }

  /** What does not start because everything ends is no fault. */
  private logFailure({ model }: Lifecycle<Plugin>, why: string): void {
    if (!this.ending) this.log.error(nameOf(model), why)
  }

  private async remove(lifecycle: Lifecycle<Plugin>): Promise<void> {
    this.leaving.add(lifecycle)
    await lifecycle.unload()
    await lifecycle.stop(0)
    this.leaving.delete(lifecycle)
    this.log.info(nameOf(lifecycle.model), 'is no longer served')
  }

  private async each(
    name: string,
    version: string | undefined,
    work: (lifecycle: Lifecycle<Plugin>) => Promise<void>,
  ): Promise<void> {
    const models = version === undefined ? this.registry.versionsOf(name) : [this.registry.find(name, version)]
    const lifecycles = models.map(model => this.entries.get(keyOf(model))?.lifecycle)
    await Promise.all(lifecycles.map(lifecycle => lifecycle && work(lifecycle)))
  }
}

/** Names hold no `@`. */
function keyOf({ name, version }: Pick<Model, 'name' | 'version'>): string {
  return `${name}@${version}`
}
