import { afterEach, describe, expect, it, vi } from 'vitest'
import { OrderingBuffer } from '../../../src/session/ordering-buffer.js'

afterEach(() => vi.useRealTimers())
const never = () => {
  throw new Error('no frame is missing')
}

describe('OrderingBuffer', () => {
  it('lets frames through that come in order', () => {
    const order = new OrderingBuffer<string>(0, never)
    expect([order.push(0, 'a', 1), order.push(1, 'b', 1)]).toEqual([['a'], ['b']])
  })

  it('holds an early frame until those before it have come', () => {
    const order = new OrderingBuffer<string>(5, never)
    expect(order.push(7, 'c', 1)).toEqual([])
    expect(order.push(6, 'b', 1)).toEqual([])
    expect(order.push(5, 'a', 1)).toEqual(['a', 'b', 'c'])
    order.close()
  })

  it('drops frames that it has seen', () => {
    const order = new OrderingBuffer<string>(0, never)
    order.push(0, 'a', 1)
    expect(order.push(0, 'again', 1)).toEqual([])
    order.push(2, 'c', 1)
    order.push(2, 'again', 1)
    expect(order.push(1, 'b', 1)).toEqual(['b', 'c'])
    order.close()
  })

  it('gives up when a frame was missing for 5 s, and not before', async () => {
    vi.useFakeTimers()
    const missing = vi.fn()
    const order = new OrderingBuffer<string>(0, missing)
    order.push(1, 'b', 1)
    await vi.advanceTimersByTimeAsync(4999)
    expect(missing).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    expect(missing).toHaveBeenCalledWith(expect.objectContaining({ reason: 'frame_missing' }))
  })

  it('does not give up when the missing frame has come', async () => {
    vi.useFakeTimers()
    const order = new OrderingBuffer<string>(0, never)
    order.push(1, 'b', 1)
    order.push(0, 'a', 1)
    await vi.advanceTimersByTimeAsync(10_000)
  })

  it('keeps a bounded number of early frames', () => {
    const order = new OrderingBuffer<number>(0, never)
    for (let number = 1; number <= 256; number += 1) order.push(number, number, 1)
    expect(() => order.push(257, 257, 1)).toThrow(expect.objectContaining({ reason: 'frame_missing' }))
    expect(order.push(0, 0, 1)).toHaveLength(257)
  })

  it('gives up when early frames are too large together, but takes one that is', () => {
    const order = new OrderingBuffer<string>(0, never)
    expect(order.push(2, 'c', 2 << 20)).toEqual([])
    expect(() => order.push(3, 'd', 1)).toThrow('frame 0 is missing and 1 later ones, 2097152 bytes, wait for it')
    expect(order.push(0, 'a', 1)).toEqual(['a'])
    expect(order.push(1, 'b', 1)).toEqual(['b', 'c'])
    expect(order.push(5, 'f', 1 << 19)).toEqual([])
    expect(order.push(4, 'e', 1 << 19)).toEqual([])
    order.close()
  })
})
