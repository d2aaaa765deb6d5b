import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { WrapperSession } from '../../../src/core/backend.js'
import { ServiceError } from '../../../src/core/error.js'
import type { InferenceResult } from '../../../src/core/inference.js'
import type { Payload, Status } from '../../../src/core/payload.js'
import { SessionStream } from '../../../src/plugin/session-stream.js'
import { OpenSession, type OpenSessionOptions } from '../../../src/session/open-session.js'

const payload = (data: string, status: Status = 1): Payload => ({
  key: 'result',
  type: 'text',
  status,
  attributes: {},
  data: Buffer.from(data),
})

function setUp(options: Partial<OpenSessionOptions> = {}) {
  const written: string[] = []
  const stream = new SessionStream({ onCancel: () => {} })
  stream.created()
  const close = vi.fn()
  const write = vi.fn(async (payloads: readonly Payload[]) => {
    written.push(...payloads.map(({ data }) => Buffer.from(data).toString()))
  })
  const wrapper: WrapperSession = { results: stream.results, failed: stream.failed, write, close }
  const client = new AbortController()
  const onAbort = vi.fn((reason: ServiceError) => stream.cancel(reason))
  const onEnd = vi.fn()
  const session = new OpenSession(wrapper, {
    accepts: [],
    schema: undefined,
    idleTimeoutMs: 1000,
    signal: client.signal,
    onAbort,
    onEnd,
    ...options,
  })
  return { session, stream, written, write, close, client, onAbort, onEnd }
}

async function readAll(results: AsyncIterable<InferenceResult>): Promise<[number, string][]> {
  const all: [number, string][] = []
  for await (const { status, payloads } of results) {
    all.push([status, payloads.map(({ data }) => Buffer.from(data).toString()).join()])
  }
  return all
}

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('OpenSession', () => {
  it('hands frames on in order, also those that overtook others', async () => {
    const { session, written } = setUp({ firstSyncId: 3 })
    await session.write({ payloads: [payload('b')], last: false, syncId: 4 })
    await session.write({ payloads: [payload('a')], last: false, syncId: 3 })
    await session.write({ payloads: [payload('c')], last: true, syncId: 5 })
    expect(written).toEqual(['a', 'b', 'c'])
    await expect(session.write({ payloads: [], last: false })).rejects.toMatchObject({ reason: 'session_ended' })
    session.close()
  })

  it('gives results the status that the wrapper gives them, and the end by its place', async () => {
    const { session, stream, onEnd } = setUp()
    const results = readAll(session.results)
    stream.add([payload('a', 0)], false)
    await vi.advanceTimersByTimeAsync(0)
    stream.add([payload('b', 1)], false)
    await vi.advanceTimersByTimeAsync(0)
    stream.add([payload('c', 2)], true)
    expect(await results).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, 'c'],
    ])
    expect(onEnd).toHaveBeenCalledOnce()
  })

  it('counts the results of a wrapper that says nothing, and adds the end', async () => {
    const { session, stream } = setUp()
    stream.add([payload('a', 3)], false)
    stream.add([payload('b', 3)], false)
    stream.finish()
    expect(await readAll(session.results)).toEqual([
      [0, 'a'],
      [1, 'b'],
      [2, ''],
    ])
  })

  it('destroys the session once when the client closes it, and its reader sees the end', async () => {
    const { session, close, onEnd, onAbort } = setUp()
    session.close()
    session.close()
    session.abort(new ServiceError('cancelled'))
    expect([close.mock.calls.length, onEnd.mock.calls.length, onAbort.mock.calls.length]).toEqual([1, 1, 0])
  })

  it('tells the wrapper and the reader why it was aborted', async () => {
    const { session, client, onAbort, onEnd, close } = setUp()
    const results = readAll(session.results)
    const seen = expect(results).rejects.toMatchObject({ reason: 'cancelled' })
    client.abort(new ServiceError('cancelled'))
    await seen
    expect([onAbort.mock.calls.length, onEnd.mock.calls.length, close.mock.calls.length]).toEqual([1, 1, 0])
  })

  it('ends when it was idle for too long, but not while it is used', async () => {
    const { session, stream, onAbort } = setUp()
    void readAll(session.results).catch(() => {})
    await vi.advanceTimersByTimeAsync(900)
    await session.write({ payloads: [payload('a')], last: false })
    await vi.advanceTimersByTimeAsync(900)
    stream.add([payload('r')], false)
    await vi.advanceTimersByTimeAsync(900)
    expect(onAbort).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(200)
    expect(onAbort).toHaveBeenCalledWith(expect.objectContaining({ reason: 'session_timeout' }))
    await expect(session.write({ payloads: [], last: false })).rejects.toMatchObject({ reason: 'session_timeout' })
  })

  it('ends when it is too old', async () => {
    const { onAbort } = setUp({ maxAgeMs: 500 })
    await vi.advanceTimersByTimeAsync(500)
    expect(onAbort).toHaveBeenCalledWith(expect.objectContaining({ reason: 'frame_timeout' }))
  })

  it('ends with the reason when the plugin crashes', async () => {
    const { session, stream, onEnd } = setUp()
    stream.fail(new ServiceError('plugin_crashed'))
    await expect(readAll(session.results)).rejects.toMatchObject({ reason: 'plugin_crashed' })
    expect(onEnd).toHaveBeenCalledOnce()
  })

  it('holds no slot once the plugin has crashed, although results that came before are still to be read', async () => {
    const { session, stream, onEnd } = setUp()
    stream.add([payload('a')], false)
    stream.fail(new ServiceError('plugin_crashed'))
    await vi.waitFor(() => expect(onEnd).toHaveBeenCalledOnce())
    expect(await session.failed).toMatchObject({ reason: 'plugin_crashed' })
    await expect(session.write({ payloads: [], last: false })).rejects.toMatchObject({ reason: 'plugin_crashed' })
    const results = session.results[Symbol.asyncIterator]()
    expect((await results.next()).value).toMatchObject({ payloads: [{ data: Buffer.from('a') }] })
    await expect(results.next()).rejects.toMatchObject({ reason: 'plugin_crashed' })
  })

  it('ends with the code of the wrapper when a write fails', async () => {
    const { session, write } = setUp()
    const results = readAll(session.results)
    const seen = expect(results).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 7 })
    write.mockRejectedValueOnce(new ServiceError('wrapper_failed', 'no', { wrapperRet: 7 }))
    await session.write({ payloads: [payload('a')], last: false })
    await seen
  })

  it('drops outputs that nobody asked for, but not the end', async () => {
    const { session, stream } = setUp({ accepts: [{ name: 'other', attributes: {} }] })
    stream.add([payload('a')], false)
    stream.add([payload('b', 2)], true)
    expect(await readAll(session.results)).toEqual([[2, '']])
  })
})
