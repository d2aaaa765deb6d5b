/** By how much a step of priority puts a request ahead, in ms: one that has waited as much longer is served first. */
const STEP_MS = 1000

/** One of those who wait. */
export interface Waiter {
  /** The moment from which it counts as waiting, on the clock of `performance.now()`; the lowest is served first. */
  readonly rank: number
}

/**
 * The rank of a request that begins to wait now. It never changes, and grows with the time of arrival: so a higher
 * priority goes first, equal ones in the order in which they came, and nobody is overtaken for ever.
 */
export function rankOf(priority: number): number {
  return performance.now() - priority * STEP_MS
}

/** Those who wait, by rank. */
export class WaitingLine<T extends Waiter> {
  private readonly waiters: T[] = []

  get size(): number {
    return this.waiters.length
  }

  /** The one who would be served last. */
  get last(): T | undefined {
    return this.waiters.at(-1)
  }

  add(waiter: T): void {
    this.waiters.splice(this.placeAfter(waiter.rank), 0, waiter)
  }

  /** Takes away the one who is served next. */
  shift(): T | undefined {
    return this.waiters.shift()
  }

  delete(waiter: T): void {
    // Those of the same rank are few: the clock has steps of some nanoseconds.
    const index = this.waiters.lastIndexOf(waiter, this.placeAfter(waiter.rank) - 1)
    if (index >= 0) this.waiters.splice(index, 1)
  }

  /** Index of the first one with a higher rank. */
  private placeAfter(rank: number): number {
    let low = 0
    let high = this.waiters.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((this.waiters[middle] as T).rank <= rank) low = middle + 1
      else high = middle
    }
    return low
  }
}
