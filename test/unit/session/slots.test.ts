import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { Slots } from '../../../src/session/slots.js'

const never = { onOver: () => {} }
const reason = (promise: Promise<void>) =>
  promise.then(
    () => 'slot',
    error => error.reason,
  )

afterEach(() => vi.useRealTimers())

describe('Slots', () => {
  it('gives out as many slots as there are, and no more', () => {
    const slots = new Slots({ slots: 2, queue: 0, queueWaitMs: 1000 })
    expect([slots.tryTake(), slots.tryTake(), slots.tryTake()]).toEqual([true, true, false])
    slots.free()
    expect(slots.tryTake()).toBe(true)
    expect(slots.inUse).toBe(2)
  })

  it('serves those who wait in the order in which they came', async () => {
    const slots = new Slots({ slots: 1, queue: 3, queueWaitMs: 1000 })
    slots.tryTake()
    const served: number[] = []
    const waits = [1, 2, 3].map(number => slots.take(never).then(() => served.push(number)))
    for (const wait of waits) {
      slots.free()
      await wait
    }
    expect(served).toEqual([1, 2, 3])
    expect(slots.inUse).toBe(1)
  })

  it('lets nobody overtake those who wait', () => {
    const slots = new Slots({ slots: 1, queue: 1, queueWaitMs: 1000 })
    slots.tryTake()
    void slots.take(never)
    slots.free()
    expect(slots.tryTake()).toBe(false)
  })

  it('refuses at once when the queue is full', async () => {
    const slots = new Slots({ slots: 1, queue: 1, queueWaitMs: 60_000 })
    slots.tryTake()
    void slots.take(never)
    expect(await reason(slots.take(never))).toBe('no_slot')
    expect(slots.queued).toBe(1)
  })

  it('refuses who has waited too long', async () => {
    vi.useFakeTimers()
    const slots = new Slots({ slots: 1, queue: 1, queueWaitMs: 500 })
    slots.tryTake()
    const waiting = reason(slots.take(never))
    await vi.advanceTimersByTimeAsync(500)
    expect(await waiting).toBe('no_slot')
    expect(slots.queued).toBe(0)
  })

  it('forgets who gave up, and gives the slot to the next one', async () => {
    const slots = new Slots({ slots: 1, queue: 2, queueWaitMs: 60_000 })
    slots.tryTake()
    let leave: (reason: ServiceError) => void = () => {}
    const first = slots.take({
      onOver: cancel => {
        leave = cancel
      },
    })
    const second = slots.take(never)
    leave(new ServiceError('cancelled'))
    await expect(first).rejects.toMatchObject({ reason: 'cancelled' })
    slots.free()
    await second
    expect([slots.inUse, slots.queued]).toEqual([1, 0])
  })

  describe('under overload', () => {
    /** Slots that are all taken, and what becomes of those who wait, by name, in the order in which it is decided. */
    function busy(options: { slots: number; queue: number }) {
      const slots = new Slots({ ...options, queueWaitMs: 60_000 })
      for (let taken = 0; taken < options.slots; taken += 1) slots.tryTake()
      const decided: string[] = []
      const wait = async (name: string, priority?: number) => {
        const pending = slots.take(never, priority)
        decided.push(`${name}: ${await reason(pending)}`)
      }
      return { slots, decided, wait }
    }
    const settled = () => new Promise(resolve => setImmediate(resolve))

    it('serves the highest priority first', async () => {
      const { slots, decided, wait } = busy({ slots: 1, queue: 4 })
      const waits = [wait('low', 0), wait('usual'), wait('usual, later', 5), wait('high', 9)]
      for (const _ of waits) {
        slots.free()
        await settled()
      }
      expect(decided).toEqual(['high: slot', 'usual: slot', 'usual, later: slot', 'low: slot'])
    })

    it('serves one that has waited a second longer before one that is one step higher', async () => {
      vi.useFakeTimers()
      const { slots, decided, wait } = busy({ slots: 1, queue: 4 })
      const old = wait('old', 5)
      await vi.advanceTimersByTimeAsync(1001)
      const high = wait('higher', 6)
      slots.free()
      await old
      slots.free()
      await high
      expect(decided).toEqual(['old: slot', 'higher: slot'])
    })

    it('lets the last in the queue give way to a higher one, and refuses an equal one', async () => {
      const { slots, decided, wait } = busy({ slots: 1, queue: 2 })
      void wait('low', 1)
      void wait('low, later', 1)
      void wait('equal', 1)
      void wait('high', 2)
      await settled()
      expect(decided).toEqual(['equal: no_slot', 'low, later: no_slot'])
      expect(slots.queued).toBe(2)
    })

    it('lets only as many wait as there are slots, until nobody has been refused for queueWaitMs', async () => {
      vi.useFakeTimers()
      const { slots, decided, wait } = busy({ slots: 10, queue: 30 })
      const outcome = (name: string) => decided.find(text => text.startsWith(`${name}:`))
      for (let index = 0; index < 30; index += 1) void wait('burst')
      void wait('one too many')
      for (let index = 0; index < 20; index += 1) slots.free()
      void wait('while ten wait')
      slots.free()
      void wait('while nine wait')
      await vi.advanceTimersByTimeAsync(59_999)
      expect([outcome('one too many'), outcome('while ten wait')]).toEqual([
        'one too many: no_slot',
        'while ten wait: no_slot',
      ])
      expect(slots.queued).toBe(10)
      void wait('before the minute is over')
      for (let index = 0; index < 10; index += 1) slots.free()
      await vi.advanceTimersByTimeAsync(59_999)
      expect([outcome('while nine wait'), outcome('before the minute is over'), slots.queued]).toEqual([
        ...['while nine wait: slot', 'before the minute is over: no_slot', 0],
      ])
      await vi.advanceTimersByTimeAsync(1)
      for (let index = 0; index < 30; index += 1) void wait('next burst')
      expect(slots.queued).toBe(30)
    })

    it('tells who is refused when those who wait will have been served', async () => {
      vi.useFakeTimers()
      const { slots, wait } = busy({ slots: 1, queue: 3 })
      for (const name of ['a', 'b', 'c']) void wait(name)
      for (const name of ['d', 'e']) {
        await vi.advanceTimersByTimeAsync(2000)
        slots.free()
        void wait(name)
      }
      await expect(slots.take(never)).rejects.toMatchObject({ reason: 'no_slot', retryAfterMs: 6000 })
    })

    it('says how long those have waited who got a slot', async () => {
      vi.useFakeTimers()
      const { slots, wait } = busy({ slots: 1, queue: 3 })
      const waited: number[] = []
      slots.onWaited = ms => waited.push(ms)
      void wait('a')
      await vi.advanceTimersByTimeAsync(70)
      slots.free()
      expect(waited).toEqual([70])
    })
  })
})
