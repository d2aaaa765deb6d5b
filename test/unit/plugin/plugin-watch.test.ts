import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WATCH_TIMES, watchPlugin } from '../../../src/plugin/plugin-watch.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const MINUTE = 60_000

function watched(answers: readonly boolean[], { patienceMs = 0, answersHealth = true } = {}) {
  const state = { patienceMs, overdue: undefined as string | undefined, hung: [] as string[], asked: 0, absentMs: 0 }
  const health = {
    check: async () => {
      state.asked += 1
      return answers[Math.min(state.asked, answers.length) - 1] ?? false
    },
    close: () => {},
  }
  watchPlugin({
    ...{ health, answersHealth, servedBy: undefined, times: WATCH_TIMES },
    ...{ onStill: () => {}, onMoving: () => {} },
    onAbsence: ms => {
      state.absentMs += ms
    },
    patienceMs: () => state.patienceMs,
    overdue: () => state.overdue,
    onHung: why => state.hung.push(why),
  })
  return state
}

describe('a watched plugin', () => {
  it('hangs when it is idle and misses three health checks in a row, and is told of once', async () => {
    const state = watched([true, false, false, true, false])
    await vi.advanceTimersByTimeAsync(5500)
    expect(state.hung).toEqual([])
    await vi.advanceTimersByTimeAsync(MINUTE)
    expect(state.hung).toEqual([expect.stringContaining('has not answered its health checks')])
  })

  it('is not judged by health checks when it has never answered one', async () => {
    const state = watched([false], { answersHealth: false })
    await vi.advanceTimersByTimeAsync(10 * MINUTE)
    expect(state.hung).toEqual([])
  })

  it('may be silent for as long as is allowed, and not longer', async () => {
    const state = watched([true, false], { patienceMs: MINUTE })
    await vi.advanceTimersByTimeAsync(MINUTE - 2000)
    expect(state.hung).toEqual([])
    await vi.advanceTimersByTimeAsync(4000)
    expect(state.hung).toHaveLength(1)
  })

  it('is not asked while what it says means nothing, and is judged afresh afterwards', async () => {
    const state = watched([true, false])
    await vi.advanceTimersByTimeAsync(500)
    state.patienceMs = Number.POSITIVE_INFINITY
    await vi.advanceTimersByTimeAsync(10 * MINUTE)
    expect(state).toMatchObject({ asked: 1, hung: [] })
    state.patienceMs = 0
    await vi.advanceTimersByTimeAsync(5000)
    expect(state.hung).toHaveLength(1)
  })

  it('is not held to a time for which this process itself did not run', async () => {
    const state = watched([true, false], { patienceMs: MINUTE })
    await vi.advanceTimersByTimeAsync(5000)
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 10 * MINUTE)
    await vi.advanceTimersByTimeAsync(MINUTE - 10_000)
    expect(state.hung).toEqual([])
    expect(Math.abs(state.absentMs - 10 * MINUTE)).toBeLessThan(WATCH_TIMES.lookMs)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(state.hung).toHaveLength(1)
    vi.restoreAllMocks()
  })

  it('hangs when it holds something for too long, even without a health service', async () => {
    const state = watched([false], { answersHealth: false })
    await vi.advanceTimersByTimeAsync(5000)
    state.overdue = 'it has held a request for longer than it may'
    await vi.advanceTimersByTimeAsync(1000)
    expect(state.hung).toEqual([state.overdue])
  })
})
