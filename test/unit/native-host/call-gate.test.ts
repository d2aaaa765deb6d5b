import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { CallGate } from '../../../src/native-host/call-gate.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

it('lets further calls wait for one of the first to end, but not for longer than they have to', () => {
  const gate = new CallGate(2, 10)
  const begun: string[] = []
  const enter = (name: string) => gate.enter(() => void begun.push(name))
  for (const name of ['a', 'b', 'c', 'd', 'e']) enter(name)
  expect(begun).toEqual(['a', 'b'])
  gate.leave()
  expect(begun).toEqual(['a', 'b', 'c'])

  vi.advanceTimersByTime(10)
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e'])
  // Four are under way now, so the next two that end let nobody in.
  enter('f')
  gate.leave()
  gate.leave()
  expect(begun).toHaveLength(5)
  gate.leave()
  expect(begun.at(-1)).toBe('f')
  vi.advanceTimersByTime(10)
  expect(begun).toHaveLength(6)
})
