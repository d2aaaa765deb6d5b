import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import { Status } from '../../../../src/core/payload.js'
import { execAigesV1 } from '../../../helpers/clients.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { deferred } from '../../rpc/deferred.js'
import { capitals, FakeSession } from '../shared/fake-session.js'
import { type FixtureOptions, frameRequest, onceRequest, operation, startXsf, type XsfFixture } from './fixture.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function start(options?: FixtureOptions) {
  const xsf = await startXsf(options)
  cleanups.push(xsf.close)
  return xsf
}

const silent = () => {}
const open = (xsf: XsfFixture, handle = 'h', text = 'a') =>
  xsf.call(frameRequest(handle, text, { seqNo: '1', status: '0' }))
const codeOf = async (answer: ReturnType<XsfFixture['call']>) => (await answer).output.code
const fetchText = async (xsf: XsfFixture, handle = 'h', waitTime = '10000') => {
  const { output } = await xsf.call(operation('AIOut', handle, { waitTime }))
  return output.code === 0 ? Buffer.from(output.pl[0]?.data ?? '').toString() : output.code
}

describe('a session', () => {
  test('gets a handle when its caller has none, and goes by it', async () => {
    const xsf = await start()
    const { response } = await xsf.call({ ...frameRequest('', 'a', { seqNo: '1' }), s: null })
    expect(await fetchText(xsf, response.s?.h)).toBe('A')
  })

  test('numbers its frames from baseId, and is left by the core to the idle clock here', async () => {
    const xsf = await start()
    await xsf.call(frameRequest('h', 'a', { seqNo: '1', syncId: 7, param: { baseId: '7' } }))
    expect(await fetchText(xsf)).toBe('A')
    expect(xsf.opened[0]?.request).toMatchObject({ firstSyncId: 7, idleTimeoutMs: 2 ** 31 - 1 })
  })

  test.each([
    ['a baseId that is no number', { param: { baseId: 'x' } }, 10106],
    ['a payload without a name', { input: { pl: [{ data: Buffer.from('x') }] } }, 10401],
    ['an unknown service', { input: { serviceId: 'nobody' } }, 10404],
  ])('with %s is not opened', async (_name, frame, code) => {
    const xsf = await start()
    expect(await codeOf(xsf.call(frameRequest('h', 'a', { ...frame, seqNo: '1' })))).toBe(code)
    expect(xsf.opened).toEqual([])
    expect(await fetchText(xsf)).toBe(10008)
  })

  test('that finds no slot leaves its handle unknown, and tells the caller to try another node', async () => {
    const xsf = await start({ open: () => Promise.reject(new ServiceError('no_slot')) })
    const { response, output } = await open(xsf)
    expect([response.code, output.code]).toEqual([10110, 10110])
    expect(await fetchText(xsf)).toBe(10008)
  })

  test('keeps its handle to itself, for once calls too, until its end was fetched', async () => {
    const xsf = await start()
    await open(xsf)
    expect(await codeOf(open(xsf))).toBe(10105)
    expect(await codeOf(xsf.call({ ...onceRequest(), s: { h: 'h' } }))).toBe(10105)
    await xsf.call(frameRequest('h', 'b', { status: '2', syncId: 1 }))
    expect(await fetchText(xsf)).toBe('A')
    expect(await codeOf(open(xsf))).toBe(10105)
    expect(await fetchText(xsf)).toBe('B')
    expect(await codeOf(open(xsf))).toBe(0)
    expect(xsf.opened).toHaveLength(2)
  })

  test('that is being opened has its handle already, and lets the frames that come meanwhile wait', async () => {
    const opening = deferred<FakeSession>()
    const begun = deferred()
    const xsf = await start({
      open: () => {
        begun.resolve()
        return opening.promise
      },
    })
    const first = codeOf(open(xsf))
    await begun.promise
    expect(await codeOf(open(xsf))).toBe(10105)
    const second = codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1 })))
    opening.resolve(new FakeSession(capitals()))
    expect(await Promise.all([first, second])).toEqual([0, 0])
    expect([await fetchText(xsf), await fetchText(xsf)]).toEqual(['A', 'B'])
  })

  test('whose opening is abandoned by its caller is told so', async () => {
    const begun = deferred<AbortSignal>()
    const xsf = await start({
      open: (_request, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          begun.resolve(signal)
        }),
    })
    const controller = new AbortController()
    const left = xsf.call(frameRequest('h', 'a', { seqNo: '1' }), controller.signal).catch(reason => reason)
    const signal = await begun.promise
    const aborted = new Promise(resolve => signal.addEventListener('abort', resolve))
    controller.abort('left')
    expect(await left).toBe('left')
    await aborted
    expect(signal.reason).toMatchObject({ reason: 'cancelled' })
  })

  test('outlives the call that opened it', async () => {
    const xsf = await start()
    await open(xsf)
    await fetchText(xsf)
    expect(xsf.opened[0]?.ctx.signal.aborted).toBe(false)
    expect(xsf.opened[0]?.session.ended).toBeUndefined()
  })

  test('ends when the server stops', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    await xsf.close()
    expect(xsf.opened[0]?.session.ended).toMatchObject({ reason: 'not_ready' })
  })
})

describe('AIIn', () => {
  test('answers before the wrapper has taken the frame, but lets the next frame wait for that', async () => {
    const taken = deferred()
    const xsf = await start({ open: () => new FakeSession(() => taken.promise) })
    expect(await codeOf(open(xsf))).toBe(0)
    const late = await xsf.call(frameRequest('h', 'b', { syncId: 1, param: { waitTime: '30' } }))
    expect(late.output.code).toBe(10102)
    const waiting = codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1, param: { waitTime: '10000' } })))
    taken.resolve()
    expect(await waiting).toBe(0)
    expect(xsf.opened[0]?.session.frames.map(({ syncId }) => syncId)).toEqual([0, 1])
  })

  test('is the last frame when no input is left open', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    const two = (audio: string, text: string) => ({
      pl: [
        { meta: { name: 'audio', attribute: { status: audio } }, data: Buffer.from('a') },
        { meta: { name: 'text', attribute: { status: text } }, data: Buffer.from('t') },
      ],
    })
    await xsf.call(frameRequest('h', '', { seqNo: '1', input: two('0', '0') }))
    await xsf.call(frameRequest('h', '', { syncId: 1, input: two('2', '1') }))
    await xsf.call(frameRequest('h', '', { syncId: 2, input: { pl: [] } }))
    await xsf.call(frameRequest('h', '', { syncId: 3, input: { pl: two('2', '2').pl.slice(1) } }))
    expect(xsf.opened[0]?.session.frames.map(({ last }) => last)).toEqual([false, false, false, true])
  })

  test.each([
    ['without data', { ...frameRequest('h', ''), data: [] }, 10009],
    ['that is no LoaderInput', { ...frameRequest('h', ''), data: [{ data: Buffer.from('ffffff', 'hex') }] }, 10401],
    ['for another service', frameRequest('h', 'b', { syncId: 1, input: { serviceId: 'other' } }), 10107],
  ])('with a frame %s is refused, and the session goes on', async (_name, request, code) => {
    const xsf = await start()
    xsf.setModels([modelInfoOf('svcName'), modelInfoOf('other')])
    await open(xsf)
    expect(await codeOf(xsf.call(request))).toBe(code)
    expect(await codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1 })))).toBe(0)
    expect([await fetchText(xsf), await fetchText(xsf)]).toEqual(['A', 'B'])
  })

  test('after the last frame is told that the session has ended, and the results can still be fetched', async () => {
    const xsf = await start({
      open: () =>
        new FakeSession((frame, session) => {
          if (frame.syncId === 1) throw new ServiceError('session_ended')
          capitals()(frame, session)
        }),
    })
    await open(xsf)
    expect(await codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1 })))).toBe(10101)
    expect(await fetchText(xsf)).toBe('A')
  })
})

describe('AIOut', () => {
  test('waits for a result as long as waitTime says, and is empty then', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    const before = performance.now()
    const { output } = await xsf.call(operation('AIOut', 'h', { waitTime: '40' }))
    expect(performance.now() - before).toBeGreaterThanOrEqual(39)
    expect(output).toEqual({ serviceId: '', code: 0, err: '', status: 0, pl: [] })
    const waiting = fetchText(xsf)
    const payload = { key: 'r', type: 'text', status: 1, attributes: {}, data: Buffer.from('late') } as const
    xsf.opened[0]?.session.give(Status.continue, payload)
    expect(await waiting).toBe('late')
  })

  test('of two callers at once gives each result to one of them', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    const answers = Promise.all([fetchText(xsf), fetchText(xsf)])
    const session = xsf.opened[0]?.session as FakeSession
    capitals()({ payloads: [{ ...PIECE, data: Buffer.from('x') }], last: false }, session)
    capitals()({ payloads: [{ ...PIECE, data: Buffer.from('y') }], last: false }, session)
    expect((await answers).sort()).toEqual(['X', 'Y'])
  })

  test('reads one result ahead and no more', async () => {
    const xsf = await start()
    await open(xsf)
    for (const syncId of [1, 2, 3]) await xsf.call(frameRequest('h', 'b', { syncId }))
    expect(xsf.opened[0]?.session.asked).toBe(1)
    await fetchText(xsf)
    expect(xsf.opened[0]?.session.asked).toBe(2)
  })

  test('that its caller gave up loses no result', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    const controller = new AbortController()
    const request = operation('AIOut', 'h', { waitTime: '60000' })
    const left = xsf.call(request, controller.signal).catch(reason => reason)
    // A call that is answered says that the one before it has reached the server.
    expect(await fetchText(xsf, 'h', '20')).toBe('')
    controller.abort('left')
    expect(await left).toBe('left')
    expect(await fetchText(xsf, 'h', '20')).toBe('')
    capitals()({ payloads: [PIECE], last: false }, xsf.opened[0]?.session as FakeSession)
    expect(await fetchText(xsf)).toBe('P')
  })
})

const PIECE = { key: 'txt', type: 'text', status: 1, attributes: {}, data: Buffer.from('p') } as const

describe('the end of a session', () => {
  test('frees its slot when the last result has come, though nobody has fetched it', async () => {
    const xsf = await start()
    await xsf.call(frameRequest('h', 'all', { seqNo: '1', status: '2' }))
    await xsf.opened[0]?.session.over
    expect(xsf.opened[0]?.session.ended).toBe('closed')
    const { output } = await xsf.call(operation('AIOut', 'h'))
    expect(output).toMatchObject({ status: 2, pl: [{ meta: { attribute: { seq: '1', status: '2' } } }] })
    for (const op of ['AIOut', 'AIIn', 'AIExcp']) expect(await codeOf(xsf.call(operation(op, 'h')))).toBe(10101)
  })

  test('by a failure is told once, to a call that waits for a result', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    const waiting = xsf.call(operation('AIOut', 'h', { waitTime: '60000' }))
    xsf.opened[0]?.session.abort(new ServiceError('wrapper_failed', 'engine', { wrapperRet: 7 }))
    expect((await waiting).output).toMatchObject({ code: 10910, err: 'engine;code=7', status: 2 })
    expect(await fetchText(xsf)).toBe(10101)
    expect(xsf.logLines[0]).toMatchObject({ sid: 'sid of h', reason: 'wrapper_failed' })
  })

  test('by a failure is told once, to the call that sends the next frame', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    xsf.opened[0]?.session.abort(new ServiceError('plugin_crashed'))
    expect(await codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1 })))).toBe(10109)
    expect(await fetchText(xsf)).toBe(10101)
  })

  test('by a failure is told once, though a result stands before it', async () => {
    const xsf = await start()
    await open(xsf)
    xsf.opened[0]?.session.abort(new ServiceError('plugin_crashed'))
    expect(await codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1 })))).toBe(10109)
    expect(await codeOf(xsf.call(frameRequest('h', 'b', { syncId: 1 })))).toBe(10101)
    expect([await fetchText(xsf), await fetchText(xsf)]).toEqual(['A', 10101])
  })

  test('by a first frame that is refused leaves no session behind', async () => {
    const refuse = () => {
      throw new ServiceError('frame_missing')
    }
    const xsf = await start({ open: () => new FakeSession(refuse) })
    expect(await codeOf(open(xsf))).toBe(10300)
    expect(xsf.opened[0]?.session.ended).toMatchObject({ reason: 'frame_missing' })
    expect(await fetchText(xsf)).toBe(10101)
  })

  test('by AIExcp aborts it with an empty answer, and ends a call that waits', async () => {
    const xsf = await start({ open: () => new FakeSession(silent) })
    await open(xsf)
    const waiting = codeOf(xsf.call(operation('AIOut', 'h', { waitTime: '60000' })))
    expect(await fetchText(xsf, 'h', '20')).toBe('')
    const { output } = await xsf.call(operation('AIExcp', 'h'))
    expect(output).toEqual({ serviceId: '', code: 0, err: '', status: 0, pl: [] })
    expect(xsf.opened[0]?.session.ended).toMatchObject({ reason: 'cancelled' })
    expect(await waiting).toBe(10101)
    expect(await codeOf(xsf.call(operation('AIExcp', 'h')))).toBe(10101)
  })

  test('by idleness is told once', async () => {
    const xsf = await start({ sessionIdleMs: 30 })
    await open(xsf)
    await xsf.opened[0]?.session.over
    expect(xsf.opened[0]?.session.ended).toMatchObject({ reason: 'session_timeout' })
    expect([await fetchText(xsf), await fetchText(xsf)]).toEqual([10019, 10101])
  })

  test('by idleness does not come while a call waits for a result', async () => {
    const xsf = await start({ sessionIdleMs: 300, open: () => new FakeSession(silent) })
    await open(xsf)
    expect(await fetchText(xsf, 'h', '700')).toBe('')
    expect(xsf.opened[0]?.session.ended).toBeUndefined()
    await xsf.opened[0]?.session.over
    expect(await fetchText(xsf)).toBe(10019)
  })
})

describe('a server that stops', () => {
  test('answers the calls of open sessions until each has told how it ended, and opens no further one', async () => {
    const xsf = await start()
    await Promise.all([open(xsf, 'h'), open(xsf, 'i')])
    const stopped = xsf.server.stop(60_000)
    expect(await codeOf(open(xsf, 'another'))).toBe(10115)
    expect(await codeOf(xsf.call(onceRequest()))).toBe(10115)
    const data = [{ data_id: 'txt', status: 'END' as const, data: Buffer.from('x') }]
    await expect(execAigesV1(xsf.address, { data })).rejects.toMatchObject({ code: status.UNAVAILABLE })
    expect(await fetchText(xsf, 'h')).toBe('A')
    expect(await codeOf(xsf.call(frameRequest('h', 'b', { status: '2', syncId: 1 })))).toBe(0)
    xsf.opened[1]?.session.abort(new ServiceError('not_ready'))
    expect(await fetchText(xsf, 'h')).toBe('B')
    expect(await fetchText(xsf, 'i')).toBe('A')
    expect(await fetchText(xsf, 'i')).toBe(10115)
    await stopped
  })

  test('ends sessions that are open when its time is over', async () => {
    const xsf = await start()
    await open(xsf)
    await xsf.server.stop(20)
    expect(xsf.opened[0]?.session.ended).toMatchObject({ reason: 'not_ready' })
  })
})
