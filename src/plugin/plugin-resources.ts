import type { Resources } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import { Turns } from '../core/turns.js'
import type { UnaryOptions } from '../rpc/unary.js'
import type { ResourceCalls } from './channel.js'

/** The resources that one plugin process has, kept equal to those of its model. */
export class PluginResources {
  private readonly loaded = new Set<number>()
  private readonly turns = new Turns()

  /**
   * @param wanted those of the model, as they change
   * @param calls absent: the wrapper takes no resources
   * @param timeoutMs how long the wrapper may take for one of them
   */
  constructor(
    private readonly wanted: Resources,
    private readonly calls: ResourceCalls | undefined,
    private readonly timeoutMs: number,
  ) {}

  /**
   * Loads and unloads until nothing is left to do.
   * @param signal gives it up
   * @throws ServiceError of the first call that fails, or the signal's reason
   */
  sync(signal?: AbortSignal): Promise<void> {
    return this.turns.take(() => this.work(signal))
  }

  /** @throws ServiceError `resource_unknown` when one of these is no longer among those of the model */
  assertWanted(ids: readonly number[] = []): void {
    const gone = ids.find(id => !this.wanted.has(id))
    if (gone === undefined) return
    throw new ServiceError('resource_unknown', `the resource '${gone}' was unloaded while the request waited`)
  }

  private async work(signal: AbortSignal | undefined): Promise<void> {
    for (let step = this.next(); step !== undefined; step = this.next()) {
      await step({ deadline: performance.now() + this.timeoutMs, ...(signal && { signal }) })
    }
  }

  private next(): ((options: UnaryOptions) => Promise<void>) | undefined {
    const { wanted, calls, loaded } = this
    if (calls === undefined) return undefined
    for (const id of loaded) {
      if (wanted.has(id)) continue
      return async options => {
        // A wrapper that does not give one back is not asked again and again.
        loaded.delete(id)
        await calls.unload(id, options)
      }
    }
    for (const [id, payloads] of wanted) {
      if (loaded.has(id)) continue
      return async options => {
        await calls.load(id, payloads, options)
        loaded.add(id)
      }
    }
    return undefined
  }
}
