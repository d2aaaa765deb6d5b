import { describe, expect, it } from 'vitest'
import { rankOf, WaitingLine } from '../../../src/session/waiting-line.js'

const line = (...ranks: readonly number[]) => {
  const waiters = ranks.map(rank => ({ rank }))
  const waiting = new WaitingLine<{ rank: number }>()
  for (const waiter of waiters) waiting.add(waiter)
  return { waiting, waiters }
}

describe('a waiting line', () => {
  it('goes by rank, and by arrival where that is the same', () => {
    const { waiting, waiters } = line(5, 3, 5, 4, 3)
    expect(waiting.last).toBe(waiters[2])
    const served = Array.from({ length: 6 }, () => waiting.shift())
    expect(served.map(waiter => waiters.indexOf(waiter as { rank: number }))).toEqual([1, 4, 3, 0, 2, -1])
  })

  it('lets anyone leave, and nobody else with them', () => {
    const { waiting, waiters } = line(5, 3, 5, 4, 3)
    for (const index of [2, 1, 3]) waiting.delete(waiters[index] as { rank: number })
    waiting.delete({ rank: 5 })
    waiting.delete({ rank: 1 })
    expect([waiting.size, waiting.shift(), waiting.shift()]).toEqual([2, waiters[4], waiters[0]])
  })
})

it('nine steps of priority are worth nine seconds of waiting', () => {
  const before = performance.now()
  const [highest, lowest] = [rankOf(9), rankOf(0)]
  expect(lowest - highest).toBeGreaterThanOrEqual(9000)
  expect(lowest - highest).toBeLessThan(9000 + (performance.now() - before))
})
