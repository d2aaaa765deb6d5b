import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { Status } from '../../../src/core/payload.js'
import { converse, counts, nativeSet, payload, withSession } from './native-set.js'

const FRAMES = ['one', 'two', 'three']
const ECHO = FRAMES.map(frame => `text=${frame}`)

describe.each([
  ['read after every frame', { asyncMode: false, realTime: true }],
  ['read after the last frame', { asyncMode: false, realTime: false }],
  ['that calls back', { asyncMode: true, realTime: true }],
])('a session %s', (_, mode) => {
  const { set, close } = nativeSet(mode)
  beforeAll(() => set.start())
  afterAll(close)

  it('takes frames and gives results, and is destroyed once, after its debug information was asked for', async () => {
    const before = await counts(set)
    expect(await withSession(set, {}, session => converse(session, FRAMES))).toEqual(ECHO)
    const after = await counts(set)
    for (const name of ['creates', 'destroys', 'debugInfos']) expect(after[name]).toBe((before[name] ?? 0) + 1)
  })

  it.each([
    ['create-code', 7001, 'the engine says no'],
    ['create-null', 30003, 'wrapperCreate gave neither a handle nor an error'],
    ['write-code', 7001, 'the engine says no'],
  ])('fails with the code of the engine: %s', async (what, wrapperRet, message) => {
    const failure = { reason: 'wrapper_failed', wrapperRet, message }
    await expect(withSession(set, { do: what }, session => converse(session, FRAMES))).rejects.toMatchObject(failure)
  })

  it('is destroyed when the client closes it in the middle', async () => {
    const { destroys = 0 } = await counts(set)
    await withSession(set, { do: 'silent' }, session => session.write([payload('one', Status.begin)]))
    expect((await counts(set))['destroys']).toBe(destroys + 1)
  })

  it('is destroyed within 100 ms when its client leaves or its time is over', async () => {
    const { destroys = 0 } = await counts(set)
    let soonest = Number.POSITIVE_INFINITY
    // The machine may be busy with something else.
    for (const _ of [1, 2, 3]) {
      const lease = set.acquire()
      const session = await lease.open({ sid: 's', parameters: { do: 'silent' }, deadline: performance.now() + 10_000 })
      await session.write([payload('one', Status.begin)])
      const leaving = performance.now()
      lease.cancel(new ServiceError('cancelled'))
      await new Promise<void>(resolve => lease.release(resolve))
      soonest = Math.min(soonest, performance.now() - leaving)
    }
    expect(soonest).toBeLessThan(100)
    expect((await counts(set))['destroys']).toBe(destroys + 3)
  })

  it('that cannot be destroyed still ends', async () => {
    expect(await withSession(set, { do: 'destroy-code' }, session => converse(session, FRAMES))).toEqual(ECHO)
  })

  it('runs beside many others', async () => {
    const sessions = Array.from({ length: 40 }, () => withSession(set, {}, session => converse(session, FRAMES)))
    expect(await Promise.all(sessions)).toEqual(sessions.map(() => ECHO))
  })
})

describe('a session that is read', () => {
  const { set, close } = nativeSet({ realTime: false })
  beforeAll(() => set.start())
  afterAll(close)

  it('is asked again and again after the last frame, until the result is there', async () => {
    expect(await withSession(set, { pauses: '4' }, session => converse(session, FRAMES))).toEqual(ECHO)
  })

  it('is asked no more when the client gives up', async () => {
    const { destroys = 0 } = await counts(set)
    await withSession(set, { do: 'silent' }, session => session.write([payload('one', Status.end)]))
    expect((await counts(set))['destroys']).toBe(destroys + 1)
  })

  it('fails with the code of wrapperRead', async () => {
    const failure = { wrapperRet: 7001, message: 'the engine says no' }
    await expect(withSession(set, { do: 'read-code' }, s => converse(s, FRAMES))).rejects.toMatchObject(failure)
  })
})

describe('a session that calls back', () => {
  const { set, close } = nativeSet({ asyncMode: true })
  beforeAll(() => set.start())
  afterAll(close)

  it('may be destroyed by a call that waits for the thread that calls back', async () => {
    await withSession(set, { do: 'chatter' }, async session => {
      let seen = 0
      for await (const _ of session.results) {
        seen += 1
        if (seen === 20) return
      }
    })
    expect((await counts(set))['unknownTags']).toBeLessThan(10)
  })

  it('may call back a second after it was destroyed', async () => {
    const { unknownTags = 0 } = await counts(set)
    await withSession(set, { do: 'after-destroy' }, session => converse(session, FRAMES))
    await vi.waitFor(async () => expect((await counts(set))['unknownTags']).toBe(unknownTags + 1), { timeout: 5000 })
  })

  it('that is cancelled while the engine creates it is destroyed when it was created', async () => {
    const { destroys = 0 } = await counts(set)
    const lease = set.acquire()
    const opening = lease.open({ sid: 's', parameters: { sleep: '200' }, deadline: performance.now() + 10_000 })
    lease.cancel(new ServiceError('cancelled'))
    await opening.then(
      session => session.close(),
      () => {},
    )
    await new Promise<void>(resolve => lease.release(resolve))
    expect((await counts(set))['destroys']).toBe(destroys + 1)
  })
})
