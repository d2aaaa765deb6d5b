import { pino } from 'pino'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { createRefusalLog } from '../../../src/telemetry/refusal-log.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

function setUp() {
  const lines: string[] = []
  const write = (line: string) => void lines.push(JSON.parse(line).msg)
  return { lines, refusals: createRefusalLog(pino({ level: 'warn' }, { write })) }
}

const full = new ServiceError('no_slot', 'no free slot')
const many = (times: number, act: () => void) => Array.from({ length: times }, act)

it('tells of the first refusal at once, and of those that follow once a second, with their number', () => {
  const { lines, refusals } = setUp()
  many(413, () => refusals.add('digits', full))
  expect(lines.splice(0)).toEqual(['1 request refused: no_slot: no free slot'])
  vi.advanceTimersByTime(1000)
  expect(lines.splice(0)).toEqual(['412 requests refused: no_slot: no free slot'])
  refusals.add('digits', full)
  vi.advanceTimersByTime(999)
  expect(lines.splice(0)).toEqual([])
  vi.advanceTimersByTime(1)
  expect(lines.splice(0)).toEqual(['1 request refused: no_slot: no free slot'])
  vi.advanceTimersByTime(1000)
  refusals.add('digits', full)
  expect(lines).toEqual(['1 request refused: no_slot: no free slot'])
})

it('tells of each model and reason by itself, with what was said last', () => {
  const { lines, refusals } = setUp()
  refusals.add('digits', full)
  refusals.add('asr', full)
  refusals.add('digits', new ServiceError('not_ready', 'the plugin is starting'))
  expect(lines.splice(0)).toHaveLength(3)
  refusals.add('asr', full)
  refusals.add('asr', new ServiceError('no_slot', 'all 4 are in use'))
  vi.advanceTimersByTime(1000)
  expect(lines).toEqual(['2 requests refused: no_slot: all 4 are in use'])
})

it('tells what it has not told when it is closed, and leaves nothing running', () => {
  const { lines, refusals } = setUp()
  many(3, () => refusals.add('digits', full))
  refusals.close()
  expect(lines).toEqual(['1 request refused: no_slot: no free slot', '2 requests refused: no_slot: no free slot'])
  expect(vi.getTimerCount()).toBe(0)
})
