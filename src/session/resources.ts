import type { Resources } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { Payload } from '../core/payload.js'
import { Turns } from '../core/turns.js'
import type { Model } from './model.js'

/** The resources of one model, which all of its versions share. What is asked of it is done one after the other. */
export class ModelResources {
  /** By their numbers; what the plugins follow. */
  readonly byNumber: Resources
  private readonly payloads = new Map<number, readonly Payload[]>()
  private lastNumber = 0
  private readonly turns = new Turns()

  constructor() {
    this.byNumber = this.payloads
  }

  /**
   * Hands a resource to the plugins of every version.
   * @returns its id
   * @throws ServiceError `ability_missing`, `wrapper_failed` when a wrapper refuses it: then none has it
   */
  load(versions: readonly Model[], payloads: readonly Payload[]): Promise<string> {
    return this.inTurn(async () => {
      assertAble(versions)
      this.lastNumber += 1
      const number = this.lastNumber
      this.payloads.set(number, payloads)
      try {
        await syncAll(versions)
      } catch (error) {
        this.payloads.delete(number)
        // Those that took it give it back; why it was refused is what counts.
        await Promise.allSettled(versions.map(model => model.syncResources()))
        throw error
      }
      return String(number)
    })
  }

  /** @throws ServiceError `resource_unknown`, `wrapper_failed` */
  unload(versions: readonly Model[], id: string): Promise<void> {
    return this.inTurn(async () => {
      this.payloads.delete(this.numberOf(id))
      await syncAll(versions)
    })
  }

  /** The numbers of resources that a request names. @throws ServiceError `resource_unknown` */
  numbersOf(ids: readonly string[]): number[] {
    return ids.map(id => this.numberOf(id))
  }

  private numberOf(id: string): number {
    if (/^\d+$/.test(id) && this.payloads.has(Number(id))) return Number(id)
    const known = [...this.payloads.keys()].join(', ')
    throw new ServiceError('resource_unknown', `no resource '${id}' is loaded; there is ${known || 'none'}`)
  }

  /** Does something while no resource is being loaded or unloaded. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.turns.take(work)
  }
}

function assertAble(versions: readonly Model[]): void {
  const known = versions.map(({ abilities }) => abilities).filter(abilities => abilities !== undefined)
  if (known.length === 0 || known.some(({ resources }) => resources)) return
  throw new ServiceError('ability_missing', `the wrapper of ${versions[0]?.name} takes no resources`)
}

async function syncAll(versions: readonly Model[]): Promise<void> {
  await Promise.all(versions.map(model => model.syncResources()))
}
