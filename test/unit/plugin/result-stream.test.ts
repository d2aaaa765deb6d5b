import { describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import type { Payload } from '../../../src/core/payload.js'
import { ResultStream } from '../../../src/plugin/result-stream.js'

const text = (data: string): Payload => ({ key: 'r', type: 'text', status: 1, attributes: {}, data: Buffer.from(data) })
const big = (bytes: number): Payload => ({ ...text(''), data: Buffer.alloc(bytes) })

function setUp() {
  const onCancel = vi.fn()
  const onFlow = vi.fn()
  return { onCancel, onFlow, stream: new ResultStream({ onCancel, onFlow }) }
}

async function read(stream: ResultStream): Promise<string[]> {
  const texts: string[] = []
  for await (const { payloads } of stream.results)
    texts.push(...payloads.map(({ data }) => Buffer.from(data).toString()))
  return texts
}

describe('ResultStream', () => {
  it('gives what came before the reader and what comes after, in order, and ends', async () => {
    const { stream } = setUp()
    stream.add([text('a')], false)
    const texts = read(stream)
    stream.add([text('b')], false)
    await Promise.resolve()
    stream.add([text('c')], true)
    stream.finish()
    expect(await texts).toEqual(['a', 'b', 'c'])
  })

  it('gives what has come before it gives the failure', async () => {
    const { stream } = setUp()
    stream.add([text('a')], false)
    stream.fail(new ServiceError('plugin_crashed'))
    const reader = stream.results[Symbol.asyncIterator]()
    expect((await reader.next()).value).toMatchObject({ last: false })
    await expect(reader.next()).rejects.toMatchObject({ reason: 'plugin_crashed' })
    expect(await reader.next()).toEqual({ value: undefined, done: true })
  })

  it('asks the plugin to pause while its reader is behind, and to go on when it has caught up', async () => {
    const { stream, onFlow } = setUp()
    for (let number = 0; number < 5; number += 1) stream.add([big(100_000)], false)
    expect(onFlow.mock.calls).toEqual([[true]])
    const reader = stream.results[Symbol.asyncIterator]()
    for (let number = 0; number < 4; number += 1) await reader.next()
    expect(onFlow.mock.calls).toEqual([[true], [false]])
  })

  it('ends the call when a plugin goes on although its reader is far behind', async () => {
    const { stream, onCancel } = setUp()
    for (let number = 0; number < 20; number += 1) stream.add([big(1 << 20)], false)
    expect(onCancel).toHaveBeenCalledWith(expect.objectContaining({ reason: 'reader_too_slow' }))
    await expect(read(stream)).rejects.toMatchObject({ reason: 'reader_too_slow' })
  })

  it('tells the plugin when its reader leaves the loop', async () => {
    const { stream, onCancel } = setUp()
    stream.add([text('a')], false)
    for await (const _ of stream.results) break
    expect(onCancel).toHaveBeenCalledOnce()
  })

  it('is busy after a cancel until the wrapper has answered', async () => {
    const { stream } = setUp()
    const idle = vi.fn()
    const reading = read(stream)
    stream.cancel(new ServiceError('cancelled'))
    await expect(reading).rejects.toMatchObject({ reason: 'cancelled' })
    stream.whenIdle(idle)
    expect(idle).not.toHaveBeenCalled()
    stream.finish()
    expect(idle).toHaveBeenCalledOnce()
  })
})
