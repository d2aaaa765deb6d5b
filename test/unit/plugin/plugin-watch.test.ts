import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Health } from '../../../src/plugin/plugin-health.js'
import { watchPlugin } from '../../../src/plugin/plugin-watch.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const MINUTE = 60_000

function watched(answers: readonly Health[], { busy = 0, busySilenceMs = MINUTE } = {}) {
  const state = { busy, overdue: undefined as string | undefined, hung: [] as string[], asked: 0 }
  const health = {
    check: async (): Promise<Health> => {
      state.asked += 1
      return answers[Math.min(state.asked, answers.length) - 1] as Health
    },
    close: () => {},
  }
  watchPlugin({
    ...{ health, busySilenceMs, times: { intervalMs: 1000, healthTimeoutMs: 2000 } },
    busy: () => state.busy,
    overdue: () => state.overdue,
    onHung: why => state.hung.push(why),
  })
  return state
}

describe('a watched plugin', () => {
  it('hangs when it is idle and misses three health checks in a row, and is told of once', async () => {
    const state = watched(['serving', 'silent', 'silent', 'serving', 'silent'])
    await vi.advanceTimersByTimeAsync(5500)
    expect(state.hung).toEqual([])
    await vi.advanceTimersByTimeAsync(MINUTE)
    expect(state.hung).toEqual([expect.stringContaining('has not answered its health checks')])
  })

  it.each([
    ['has no health service', 'absent'],
    ['never answered a health check', 'silent'],
  ] as const)('is not judged by health checks when it %s', async (_, answer) => {
    const state = watched([answer])
    await vi.advanceTimersByTimeAsync(10 * MINUTE)
    expect(state.hung).toEqual([])
  })

  it('may be silent while it is busy, but not for ever', async () => {
    const state = watched(['serving', 'silent'], { busy: 1 })
    await vi.advanceTimersByTimeAsync(MINUTE - 2000)
    expect(state.hung).toEqual([])
    await vi.advanceTimersByTimeAsync(4000)
    expect(state.hung).toHaveLength(1)
  })

  it('is not asked while it is busy when it may have no thread left to answer', async () => {
    const state = watched(['serving', 'silent'], { busySilenceMs: Number.POSITIVE_INFINITY })
    await vi.advanceTimersByTimeAsync(500)
    state.busy = 1
    await vi.advanceTimersByTimeAsync(10 * MINUTE)
    expect(state).toMatchObject({ asked: 1, hung: [] })
    state.busy = 0
    await vi.advanceTimersByTimeAsync(5000)
    expect(state.hung).toHaveLength(1)
  })

  it('hangs when it holds something for too long, even without a health service', async () => {
    const state = watched(['absent'])
    await vi.advanceTimersByTimeAsync(5000)
    state.overdue = 'it has held a request for longer than it may'
    await vi.advanceTimersByTimeAsync(1000)
    expect(state.hung).toEqual([state.overdue])
  })
})
