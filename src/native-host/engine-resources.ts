import { Turns } from '../core/turns.js'
import type { Engine } from './engine.js'
import { toEngineError } from './engine-error.js'

/** The engine's resources: loaded and unloaded one after the other, and none unloaded while a request names it. */
export class EngineResources {
  /** How many requests name a resource. */
  private readonly users = new Map<number, number>()
  /** Those to be unloaded when no request names them any more. */
  private readonly leaving = new Set<number>()
  private readonly turns = new Turns()

  constructor(private readonly engine: Pick<Engine, 'loadResource' | 'unloadResource'>) {}

  /** A request that names these has come. @returns to be called once, when the engine has let go of the request */
  use(ids: readonly number[]): () => void {
    for (const id of ids) this.users.set(id, (this.users.get(id) ?? 0) + 1)
    return () => {
      for (const id of ids) this.release(id)
    }
  }

  /** @throws EngineError */
  load(...resource: Parameters<Engine['loadResource']>): Promise<void> {
    return this.turns.take(() => this.engine.loadResource(...resource))
  }

  /** Unloads a resource now or, when a request names it, after that; what the engine says then is logged. @throws EngineError */
  async unload(id: number): Promise<void> {
    if (this.users.has(id)) this.leaving.add(id)
    else await this.turns.take(() => this.engine.unloadResource(id))
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
