import { afterEach, expect, it, vi } from 'vitest'
import { RateLimit } from '../../../src/session/rate-limit.js'

afterEach(() => vi.useRealTimers())

it('lets so many requests begin in an interval, and says when the next one begins', () => {
  vi.useFakeTimers()
  const rate = new RateLimit({ requests: 2, intervalMs: 1000 })
  rate.take()
  vi.advanceTimersByTime(400)
  rate.take()
  expect(() => rate.take()).toThrow(
    expect.objectContaining({ reason: 'rate_limited', message: 'at most 2 requests in 1000 ms', retryAfterMs: 600 }),
  )
  vi.advanceTimersByTime(600)
  rate.take()
  rate.take()
  expect(() => rate.take()).toThrow(expect.objectContaining({ retryAfterMs: 1000 }))
})
