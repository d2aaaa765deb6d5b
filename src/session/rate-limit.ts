import { ServiceError } from '../core/error.js'

export interface RateLimitOptions {
  /** Requests that may begin in each interval. */
  readonly requests: number
  /** Length of an interval in ms. It begins with the first request after the one before. */
  readonly intervalMs: number
}

/** How many requests and sessions may begin in a time. */
export class RateLimit {
  private begunAt = Number.NEGATIVE_INFINITY
  private begun = 0

  constructor(private readonly options: RateLimitOptions) {}

  /** @throws ServiceError `rate_limited` when as many have begun in this interval as may */
  take(): void {
    const { requests, intervalMs } = this.options
    const now = performance.now()
    if (now - this.begunAt >= intervalMs) {
      this.begunAt = now
      this.begun = 0
    }
    if (this.begun >= requests) {
      const retryAfterMs = this.begunAt + intervalMs - now
      throw new ServiceError('rate_limited', `at most ${requests} requests in ${intervalMs} ms`, { retryAfterMs })
    }
    this.begun += 1
  }
}
