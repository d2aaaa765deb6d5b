import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Slots } from '../../../src/session/slots.js'
import { createRandom } from '../../chaos/random.js'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

const QUEUE_WAIT_MS = 4000

interface Request {
  readonly priority: number
  readonly came: number
  /** When it got its slot or was refused. */
  ended?: number
  outcome?: 'served' | 'refused'
}

/** What a step of priority is worth: one second of waiting. */
const rank = ({ came, priority }: Request) => came - priority * 1000

/**
 * Requests that come at random moments with random priorities and hold their slots for random times, until all have ended.
 * @param load how much comes, as a multiple of what the slots can do
 */
async function play(seed: number, load: number) {
  const dice = createRandom(seed)
  const size = 1 + dice.below(4)
  const slots = new Slots({ slots: size, queue: dice.below(40), queueWaitMs: QUEUE_WAIT_MS })
  const all: Request[] = []
  const waiting = new Set<Request>()
  const overtaken: [Request, Request][] = []
  const holdMs = () => 20 + dice.below(400)
  const end = (request: Request, outcome: 'served' | 'refused') => {
    waiting.delete(request)
    Object.assign(request, { ended: performance.now(), outcome })
  }
  const serve = (request: Request) => {
    end(request, 'served')
    for (const other of waiting) if (rank(other) < rank(request)) overtaken.push([request, other])
    setTimeout(() => slots.free(), holdMs())
  }
  for (let count = 0; count < 300; count += 1) {
    const request: Request = { priority: dice.below(10), came: performance.now() }
    all.push(request)
    if (slots.tryTake()) serve(request)
    else {
      waiting.add(request)
      void slots.take({ onOver() {} }, request.priority).then(
        () => serve(request),
        () => end(request, 'refused'),
      )
    }
    await vi.advanceTimersByTimeAsync(dice.below(Math.ceil((2 * 220) / size / load)))
  }
  await vi.advanceTimersByTimeAsync(QUEUE_WAIT_MS)
  return { all, overtaken }
}

describe.each([0.8, 2, 10])('at %s times what the slots can do', load => {
  it.each([1, 2, 3, 4, 5])(
    'every request ends in time, and none is overtaken by more than the rule says (seed %i)',
    async seed => {
      const { all, overtaken } = await play(seed, load)
      expect(overtaken).toEqual([])
      for (const { came, ended = Number.POSITIVE_INFINITY } of all) {
        expect(ended - came).toBeLessThanOrEqual(QUEUE_WAIT_MS)
      }
    },
  )
})

it.each([2, 10])('at %s times what the slots can do, more of the higher priorities are served', async load => {
  const parts = { low: 0, high: 0 }
  for (const seed of [1, 2, 3, 4, 5]) {
    const { all } = await play(seed, load)
    for (const [part, chosen] of Object.entries({ low: [0, 1, 2], high: [7, 8, 9] })) {
      const these = all.filter(({ priority }) => chosen.includes(priority))
      parts[part as 'low' | 'high'] += these.filter(({ outcome }) => outcome === 'served').length / these.length
    }
  }
  expect(parts.high).toBeGreaterThan(parts.low)
})

it('the lowest priority is served in the end, although higher ones come all the time', async () => {
  const slots = new Slots({ slots: 1, queue: 100, queueWaitMs: 60_000 })
  slots.tryTake()
  let served = false
  const lowest = slots.take({ onOver() {} }, 0).then(() => {
    served = true
  })
  const began = performance.now()
  // As many as can be served: one always waits.
  void slots.take({ onOver() {} }, 9)
  while (!served && performance.now() - began < 20_000) {
    await vi.advanceTimersByTimeAsync(100)
    void slots.take({ onOver() {} }, 9)
    slots.free()
  }
  await lowest
  expect(performance.now() - began).toBeLessThan(9500)
})
