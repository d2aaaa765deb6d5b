import { ServiceError } from '../core/error.js'
import type { CallScope } from './call-scope.js'

export interface SlotsOptions {
  /** Once calls and sessions that may be in flight. */
  readonly slots: number
  /** Requests that may wait for a slot. */
  readonly queue: number
  /** How long each of them may wait, in ms. */
  readonly queueWaitMs: number
}

/** The licence slots of a model, and the bounded queue in front of them. First come, first served. */
export class Slots {
  private used = 0
  private size: number
  /** A set keeps its order and lets a waiter that gives up leave from the middle. */
  private readonly waiting = new Set<() => void>()

  constructor(private options: SlotsOptions) {
    this.size = options.slots
  }

  get inUse(): number {
    return this.used
  }

  get total(): number {
    return this.size
  }

  get queued(): number {
    return this.waiting.size
  }

  /** Takes a slot if one is free and nobody waits. */
  tryTake(): boolean {
    if (this.used >= this.size || this.waiting.size > 0) return false
    this.used += 1
    return true
  }

  /**
   * Waits for a slot and takes it.
   * @throws ServiceError `no_slot` when the queue is full or the wait was too long
   * @throws what ends the scope, when that comes first
   */
  take(scope: Pick<CallScope, 'onOver'>): Promise<void> {
    const { queue, queueWaitMs } = this.options
    if (this.waiting.size >= queue) {
      const text = `no free slot: all ${this.size} are in use and ${this.waiting.size} requests wait already`
      return Promise.reject(new ServiceError('no_slot', text))
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        this.waiting.delete(proceed)
      }
      const proceed = () => {
        leave()
        resolve()
      }
      const timer = setTimeout(() => {
        leave()
        reject(new ServiceError('no_slot', `no slot became free within ${queueWaitMs} ms`))
      }, queueWaitMs)
      this.waiting.add(proceed)
      scope.onOver(reason => {
        leave()
        reject(reason)
      })
    })
  }

  /** Gives a slot back; whoever has waited longest gets it. */
  free(): void {
    this.used -= 1
    this.handOn()
  }

  /** Changes how many there are. Those in use beyond the new number stay in use until they are given back. */
  resize(slots: number): void {
    this.size = slots
    this.handOn()
  }

  /** Takes other options from now on. How many slots there are changes only if the options change it. */
  configure(options: SlotsOptions): void {
    const before = this.options
    this.options = options
    if (options.slots !== before.slots) this.resize(options.slots)
  }

  private handOn(): void {
    for (const next of this.waiting) {
      if (this.used >= this.size) return
      this.used += 1
      next()
    }
  }
}
