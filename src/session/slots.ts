import { ServiceError } from '../core/error.js'
import { DEFAULT_PRIORITY } from '../core/inference.js'
import type { CallScope } from './call-scope.js'
import { rankOf, type Waiter, WaitingLine } from './waiting-line.js'

export interface SlotsOptions {
  /** Once calls and sessions that may be in flight. */
  readonly slots: number
  /** Requests that may wait for a slot. */
  readonly queue: number
  /** How long each of them may wait, in ms. */
  readonly queueWaitMs: number
}

/** As many may wait while the model is overloaded, or one for each slot, if that is more. */
const FEWEST_WAITING = 8

/** A request that waits for a slot. */
interface Waiting extends Waiter {
  readonly since: number
  readonly proceed: () => void
  readonly refuse: (error: ServiceError) => void
}

/**
 * The licence slots of a model, and the bounded queue in front of them, in which a higher priority goes first.
 *
 * The queue takes bursts. Once it has run full, or somebody has waited in vain, the model is overloaded: until nobody has
 * been refused for `queueWaitMs`, only as many may wait as there are slots, which is about the time of one call. A longer
 * queue would serve no more requests then, only each of them later.
 */
export class Slots {
  private used = 0
  private size: number
  private readonly waiting = new WaitingLine<Waiting>()
  /** When somebody was refused last. */
  private refusedAt = Number.NEGATIVE_INFINITY
  /** When somebody who waited was served last, and how long that takes on average, in ms; 0: not known. */
  private servedAt = 0
  private serviceMs = 0
  /** Why nobody is served at present; undefined: they are. */
  private pausedBy: string | undefined

  /** Is told how long somebody has waited, in ms, who got a slot at last. */
  onWaited: (ms: number) => void = () => {}

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
    if (this.pausedBy !== undefined || this.used >= this.size || this.waiting.size > 0) return false
    this.used += 1
    return true
  }

  /**
   * Waits for a slot and takes it.
   * @param priority of 0 to 9, the highest is served first
   * @throws ServiceError `no_slot` when no more may wait, the wait was too long, or one of higher rank needs the place;
   * `not_ready` instead during a pause
   * @throws what ends the scope, when that comes first
   */
  take(scope: Pick<CallScope, 'onOver'>, priority = DEFAULT_PRIORITY): Promise<void> {
    const { queueWaitMs } = this.options
    const rank = rankOf(priority)
    if (this.waiting.size >= this.mostWaiting()) {
      const { last } = this.waiting
      const busy = this.pausedBy ?? `no free slot: all ${this.size} are in use`
      const state = `${busy} and ${this.waiting.size} requests wait`
      if (last === undefined || last.rank <= rank) return Promise.reject(this.refusal(`${state} already`))
      last.refuse(this.refusal(`${state}, and one of a higher priority came`))
    }
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer)
        this.waiting.delete(waiter)
      }
      const waiter: Waiting = {
        rank,
        since: performance.now(),
        proceed: () => {
          clearTimeout(timer)
          resolve()
        },
        refuse: error => {
          leave()
          reject(error)
        },
      }
      const timer = setTimeout(() => {
        const why = this.pausedBy === undefined ? 'no slot became free' : `${this.pausedBy} and did not change`
        waiter.refuse(this.refusal(`${why} within ${queueWaitMs} ms`))
      }, queueWaitMs)
      if (this.waiting.size === 0) this.servedAt = 0
      this.waiting.add(waiter)
      scope.onOver(waiter.refuse)
    })
  }

  /** Gives a slot back; whoever is next gets it. */
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

  /**
   * Lets everybody wait until `resume`, within the limits of the queue. Not an overload: afterwards as many may wait as before.
   * @param why in words, for those who cannot wait
   */
  pause(why: string): void {
    this.pausedBy = why
  }

  /** Ends a pause. */
  resume(): void {
    this.pausedBy = undefined
    this.servedAt = 0
    this.handOn()
  }

  /** Refuses all who wait. */
  refuseAll(error: ServiceError): void {
    for (let next = this.waiting.last; next !== undefined; next = this.waiting.last) next.refuse(error)
  }

  private handOn(): void {
    while (this.pausedBy === undefined && this.used < this.size) {
      const next = this.waiting.shift()
      if (next === undefined) return
      this.used += 1
      const now = performance.now()
      this.measure(now)
      next.proceed()
      this.onWaited(now - next.since)
    }
  }

  private mostWaiting(): number {
    const { queue, queueWaitMs } = this.options
    const isOverloaded = performance.now() - this.refusedAt < queueWaitMs
    return isOverloaded ? Math.min(queue, Math.max(this.size, FEWEST_WAITING)) : queue
  }

  /** Times between two who were served, while somebody always waited. */
  private measure(now: number): void {
    if (this.servedAt > 0) this.serviceMs += (now - this.servedAt - this.serviceMs) * (this.serviceMs > 0 ? 0.05 : 1)
    this.servedAt = now
  }

  private refusal(message: string): ServiceError {
    if (this.pausedBy !== undefined) return new ServiceError('not_ready', message)
    this.refusedAt = performance.now()
    // Those who wait now will have been served by then.
    const hint = this.serviceMs > 0 ? { retryAfterMs: this.waiting.size * this.serviceMs } : {}
    return new ServiceError('no_slot', message, hint)
  }
}
