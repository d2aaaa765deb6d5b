import { Turns } from '../core/turns.js'
import type { Engine } from './engine.js'
import { EngineError, EXEC_FAILED, toEngineError } from './engine-error.js'

/** The engine's resources: loaded and unloaded one after the other, and none unloaded while a request names it. */
export class EngineResources {
  private readonly loaded = new Set<number>()
  /** How many requests name a resource. */
  private readonly users = new Map<number, number>()
  /** Those to be unloaded when no request names them any more. */
  private readonly leaving = new Set<number>()
  private readonly turns = new Turns()

  constructor(private readonly engine: Pick<Engine, 'loadResource' | 'unloadResource'>) {}

  /**
   * A request that names these has come. It may have been overtaken by the call that takes one of them back.
   * @returns to be called once, when the engine has let go of the request
   * @throws EngineError when one of them is not there
   */
  use(ids: readonly number[]): () => void {
    const missing = ids.find(id => !this.loaded.has(id))
    if (missing !== undefined) throw new EngineError(EXEC_FAILED, `the resource ${missing} is not loaded`)
    for (const id of ids) this.users.set(id, (this.users.get(id) ?? 0) + 1)
    return () => {
      for (const id of ids) this.release(id)
    }
  }

  /** @throws EngineError */
  load(...resource: Parameters<Engine['loadResource']>): Promise<void> {
    return this.turns.take(async () => {
      await this.engine.loadResource(...resource)
      this.loaded.add(resource[0])
    })
  }

  /** Unloads a resource now or, when a request names it, after that; what the engine says then is logged. @throws EngineError */
  async unload(id: number): Promise<void> {
    if (this.users.has(id)) {
      this.leaving.add(id)
      return
    }
    this.loaded.delete(id)
    await this.turns.take(() => this.engine.unloadResource(id))
  }

  private release(id: number): void {
    const others = (this.users.get(id) ?? 0) - 1
    if (others > 0) {
      this.users.set(id, others)
      return
    }
    this.users.delete(id)
    if (!this.leaving.delete(id)) return
    this.unload(id).catch(error => {
      const { code, message } = toEngineError(error)
      console.error(`ERROR wrapperUnloadRes(${id}): ${message} (code ${code})`)
    })
  }
}
