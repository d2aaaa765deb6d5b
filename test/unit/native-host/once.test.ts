import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { callOf, counts, nativeSet, once, payload, texts } from './native-set.js'

describe.each([
  ['wrapperExec', false],
  ['wrapperExecAsync', true],
])('a once request through %s', (_, asyncMode) => {
  const { set, close } = nativeSet({ asyncMode, wrapperConfig: { 'model.path': '/models/a', size: '7' } })
  beforeAll(() => set.start())
  afterAll(close)

  it('reaches the engine with configuration, parameters, data and description, and its answer comes back', async () => {
    const two = [
      payload('héllo'),
      { ...payload('xy'), key: 'more', type: 'audio', attributes: { rate: '16000' } },
    ] as const
    const [seen] = texts(await once(set, { do: 'params', ünï: 'cödé' }, { payloads: two, sid: 'a-sid' }))
    expect(seen).toMatch(/^result=tag=a-sid\/\d+ config=model.path=\/models\/a;size=7;/)
    expect(seen).toContain('ünï=cödé')
    expect(seen).toContain('[text 6 bytes type 0 status 3 encoding:utf8] [more 2 bytes type 1 status 3 rate:16000]')

    const echo = await once(set, {}, { payloads: two })
    expect(echo.payloads).toEqual(two.map(({ data, ...others }) => ({ ...others, data: Buffer.from(data) })))
  })

  it('tells an engine the datatype and the shape of a tensor in its description', async () => {
    const tensor = { ...payload(Buffer.alloc(24)), tensor: { datatype: 'FP32', shape: [2, 3] } }
    const [seen] = texts(await once(set, { do: 'params' }, { payloads: [tensor] }))
    expect(seen).toContain('encoding:utf8 datatype:FP32 shape:2,3]')
  })

  it('may give several outputs, none, or 50 MB', async () => {
    expect(texts(await once(set, { do: 'several' }))).toEqual(['first=one', 'second=two', 'third=three'])
    expect(texts(await once(set, { do: 'null' }))).toEqual([])
    const { payloads } = await once(set, { do: 'large', bytes: '50000000' })
    expect(payloads[0]?.data.byteLength).toBe(50_000_000)
  })

  it('carries 50 MB to the engine', async () => {
    const data = Buffer.alloc(50_000_000, 'abc')
    const { payloads } = await once(set, {}, { payloads: [payload(data)] })
    expect(Buffer.compare(payloads[0]?.data ?? Buffer.alloc(0), data)).toBe(0)
  })

  it("fails with the engine's own code and text", async () => {
    const failure = { reason: 'wrapper_failed', wrapperRet: 7001, message: 'the engine says no' }
    await expect(once(set, { do: 'code', code: '7001' })).rejects.toMatchObject(failure)
    await expect(once(set, { do: 'code', code: '-5' })).rejects.toMatchObject({
      wrapperRet: -5,
      message: 'engine error',
    })
    // wrapperError gives NULL for this one.
    await expect(once(set, { do: 'code', code: '7003' })).rejects.toMatchObject({ wrapperRet: 7003 })
  })

  it('is refused by name when its output has an unknown type', async () => {
    const message = "wrapper output 'result' has the unknown data type 9"
    await expect(once(set, { do: 'type', type: '9' })).rejects.toMatchObject({ reason: 'output_mismatch', message })
    await expect(once(set, { do: 'type', type: '-1' })).rejects.toMatchObject({ reason: 'output_mismatch' })
  })

  it('fails when the engine announces data that is not there, or a list without an end', async () => {
    const message = "the engine's output 'text' has 5 bytes, but its data is NULL"
    await expect(once(set, { do: 'no-data' })).rejects.toMatchObject({ reason: 'wrapper_failed', message })
    await expect(once(set, { do: 'loop' })).rejects.toThrow("the engine's list has more than 65536 entries")
  })

  it('fails alone when its result is more than the daemon takes', async () => {
    const message = 'a result of 600000000 bytes cannot be sent: at most 500 MiB'
    const error = { reason: 'wrapper_failed', message }
    await expect(once(set, { do: 'large', bytes: '600000000' })).rejects.toMatchObject(error)
    expect(texts(await once(set, {}))).toEqual(['text=hello'])
  })

  it('may use a megabyte of stack', async () => {
    expect(texts(await once(set, { do: 'stack' }))).toEqual(['text=hello'])
  })

  it('runs beside others, and those past the concurrency wait for them', async () => {
    const begun = performance.now()
    await Promise.all(Array.from({ length: 16 }, () => once(set, { sleep: '200' })))
    const took = performance.now() - begun
    expect(took).toBeGreaterThanOrEqual(400)
    expect(took).toBeLessThan(3000)
  })

  it('that is cancelled while it waits never reaches the engine', async () => {
    const before = await counts(set)
    const blocking = Array.from({ length: 8 }, () => once(set, { sleep: '300' }))
    const lease = set.acquire()
    const waiting = lease.once(callOf({}))
    lease.cancel(new ServiceError('cancelled'))
    await expect(waiting).rejects.toMatchObject({ reason: 'cancelled' })
    await new Promise<void>(resolve => lease.release(resolve))
    await Promise.all(blocking)
    expect((await counts(set))['execs']).toBe((before['execs'] ?? 0) + blocking.length + 1)
  })

  it('that is cancelled while it runs keeps its place until the engine has finished', async () => {
    const lease = set.acquire()
    const running = lease.once(callOf({ sleep: '300' }))
    const begun = performance.now()
    lease.cancel(new ServiceError('cancelled'))
    await expect(running).rejects.toMatchObject({ reason: 'cancelled' })
    await new Promise<void>(resolve => lease.release(resolve))
    expect(performance.now() - begun).toBeGreaterThan(250)
  })
})

describe('wrapperExecFree', () => {
  const { set, close } = nativeSet()
  beforeAll(() => set.start())
  afterAll(close)

  it('is called once for every request that succeeded, also when its outputs cannot be used, and for no other', async () => {
    const requests = ['echo', 'null', 'several', 'type', 'no-data'].map(what => once(set, { do: what, type: '9' }))
    await Promise.allSettled([...requests, once(set, { do: 'code', code: '1' })])
    // The answer is sent while the memory is being freed.
    await vi.waitFor(async () => {
      const { execs = 0, frees } = await counts(set)
      expect(frees).toBe(execs)
      expect(execs).toBeGreaterThanOrEqual(requests.length)
    })
  })
})

describe('callbacks of wrapperExecAsync', () => {
  const { set, close } = nativeSet({ asyncMode: true })
  beforeAll(() => set.start())
  afterAll(close)

  it('may come several times until one says that it is the last', async () => {
    const lease = set.acquire()
    const seen: string[] = []
    for await (const result of lease.stream(callOf({ results: '4' }))) seen.push(`${texts(result)} ${result.last}`)
    lease.release(() => {})
    expect(seen).toEqual(['text=hello false', 'text=hello false', 'text=hello false', 'text=hello true'])
  })

  it('may bring an error', async () => {
    const failure = { reason: 'wrapper_failed', wrapperRet: 7001, message: 'the engine says no' }
    await expect(once(set, { callbackCode: '7001' })).rejects.toMatchObject(failure)
  })

  it('that come twice, or a second late with a tag that was not copied, are told that nobody knows it', async () => {
    const { unknownTags = 0 } = await counts(set)
    await Promise.all([once(set, { do: 'twice' }), ...Array.from({ length: 20 }, () => once(set, { do: 'late' }))])
    // Requests of the same sids in between must not be mistaken for the old ones.
    await Promise.all(Array.from({ length: 200 }, () => once(set, {})))
    await vi.waitFor(async () => expect((await counts(set))['unknownTags']).toBe(unknownTags + 21), { timeout: 5000 })
  })
})
