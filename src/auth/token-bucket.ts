/** Lets through a number of requests a second, and so many at once after a pause. */
export class TokenBucket {
  #tokens: number
  #filledAt: number

  /**
   * @param perSecond tokens that come back each second
   * @param burst what it holds at most, at least 1
   * @param clock time in ms
   */
  constructor(
    private readonly perSecond: number,
    private readonly burst: number,
    private readonly clock: () => number = () => performance.now(),
  ) {
    this.#tokens = burst
    this.#filledAt = clock()
  }

  /** Takes a token; false when there is none. */
  take(): boolean {
    const now = this.clock()
    this.#tokens = Math.min(this.burst, this.#tokens + ((now - this.#filledAt) / 1000) * this.perSecond)
    this.#filledAt = now
    if (this.#tokens < 1) return false
    this.#tokens -= 1
    return true
  }
}
