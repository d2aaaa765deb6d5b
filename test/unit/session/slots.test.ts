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
})
