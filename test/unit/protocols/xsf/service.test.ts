import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { REASONS, type Reason, ServiceError } from '../../../../src/core/error.js'
import { XSF_CODES } from '../../../../src/protocols/xsf/error-map.js'
import { rpcErrorOf } from '../../../../src/rpc/unary.js'
import { type FixtureOptions, failing, InputCodec, MIB, onceRequest, SEVEN, startXsf } from './fixture.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function start(options?: FixtureOptions) {
  const xsf = await startXsf(options)
  cleanups.push(xsf.close)
  return xsf
}

describe('a once call', () => {
  test('must be answered within waitTime, and within 500 ms when there is none or it is no number', async () => {
    const xsf = await start()
    const waits = [{ waitTime: '3000' }, {}, { waitTime: 'soon' }, { waitTime: '-1' }]
    const before = performance.now()
    for (const param of waits) await xsf.call(onceRequest({}, param as Record<string, string>))
    const allowed = xsf.seen.map(({ ctx }) => (ctx.deadline as number) - before)
    const elapsed = performance.now() - before
    for (const [index, wait] of [3000, 500, 500, 500].entries()) {
      expect(allowed[index]).toBeGreaterThanOrEqual(wait)
      expect(allowed[index]).toBeLessThanOrEqual(wait + elapsed)
    }
  })

  test('carries its sid to the core and as a parameter; other headers are not handed over', async () => {
    const xsf = await start()
    await xsf.call(onceRequest({ headers: { sid: 's-7', appid: 'a' }, params: { beam: '2' } }))
    expect(xsf.seen[0]?.ctx).toMatchObject({ sid: 's-7', protocol: 'xsf' })
    expect(xsf.seen[0]?.request.parameters).toEqual({ beam: '2', sid: 's-7' })
  })

  test('is given a sid and a handle when it brings none', async () => {
    const xsf = await start()
    const { response } = await xsf.call({ ...onceRequest({ headers: {} }), s: null })
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/
    expect(xsf.seen[0]?.ctx.sid).toMatch(uuid)
    expect(xsf.seen[0]?.request.parameters['sid']).toBe(xsf.seen[0]?.ctx.sid)
    expect(response.s?.h).toMatch(uuid)
  })

  test('without a serviceId goes to the first model, whose name the answer bears', async () => {
    const xsf = await start()
    const { output } = await xsf.call(onceRequest({ serviceId: '' }))
    expect(xsf.seen[0]?.request.model).toBe('')
    expect(output.serviceId).toBe('svcName')
  })

  test('that expects nothing gets every output of the result with its type', async () => {
    const audio = { key: 'sound', type: 'audio', status: 3, attributes: {}, data: Buffer.from('pcm') } as const
    const xsf = await start({ once: async () => ({ ...SEVEN, payloads: [...SEVEN.payloads, audio] }) })
    const { output } = await xsf.call(onceRequest({ expect: [] }))
    expect(xsf.seen[0]?.request.accepts).toEqual([])
    expect(output.pl.map(({ meta }) => [meta?.name, meta?.dataType])).toEqual([
      ['result', 0],
      ['sound', 1],
    ])
    expect(output.pl[1]?.data).toEqual(Buffer.from('pcm'))
  })

  test('expects a type only when it names another than text, which is what naming none looks like', async () => {
    const xsf = await start()
    await xsf.call(onceRequest({ expect: [{ name: 'a' }, { name: 'b', dataType: 'AUDIO' }] }))
    expect(xsf.seen[0]?.request.accepts).toEqual([
      { name: 'a', attributes: {} },
      { name: 'b', type: 'audio', attributes: {} },
    ])
  })

  test.each([
    ['no payload', { pl: [] }, 10009],
    ['a payload without a name', { pl: [{ data: Buffer.from('x') }] }, 10401],
    ['an unknown data type', { pl: [{ meta: { name: 'img', dataType: 9 as 4 } }] }, 10401],
    ['an unknown status', { pl: [{ meta: { name: 'img', attribute: { status: '4' } } }] }, 10401],
  ])('with %s is refused before a wrapper sees it', async (_name, input, code) => {
    const xsf = await start()
    const { response, output } = await xsf.call(onceRequest(input))
    expect(response.code).toBe(0)
    expect(output).toMatchObject({ code, status: 2 })
    expect(xsf.seen).toEqual([])
  })

  test('is aborted when its caller goes away', async () => {
    let begin = (_signal: AbortSignal) => {}
    const begun = new Promise<AbortSignal>(resolve => {
      begin = resolve
    })
    const xsf = await start({
      once: (_request, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason))
          begin(signal)
        }),
    })
    const controller = new AbortController()
    const response = xsf.call(onceRequest(), controller.signal).catch(reason => reason)
    const signal = await begun
    const aborted = new Promise(resolve => signal.addEventListener('abort', resolve))
    controller.abort('left')
    expect(await response).toBe('left')
    await aborted
    expect(signal.reason).toMatchObject({ reason: 'cancelled' })
  })
})

describe('a failure', () => {
  test('without a free slot is repeated outside the output, so that the caller tries another node', async () => {
    const xsf = await start({ once: failing(new ServiceError('no_slot')) })
    const { response, output } = await xsf.call(onceRequest())
    expect(response).toMatchObject({ code: 10110, error_info: REASONS.no_slot.meaning })
    expect(output).toMatchObject({ code: 10110, err: REASONS.no_slot.meaning, status: 2 })
  })

  test.each(Object.keys(REASONS) as Reason[])('of reason %s has its number and travels in the output', async reason => {
    const xsf = await start({ once: failing(new ServiceError(reason, 'what happened')) })
    const { output } = await xsf.call(onceRequest())
    expect(output).toMatchObject({ serviceId: '', code: XSF_CODES[reason], status: 2, pl: [] })
    expect(XSF_CODES[reason]).toBeGreaterThanOrEqual(10000)
  })

  test('that nobody foresaw becomes a fixed text, its cause logged once with the sid', async () => {
    const xsf = await start({ once: failing(new TypeError('secret')) })
    const { output } = await xsf.call(onceRequest())
    expect(output).toMatchObject({ code: 11502, err: 'internal error' })
    expect(xsf.logLines).toHaveLength(1)
    expect(xsf.logLines[0]).toMatchObject({ level: 50, sid: 'sid-1', reason: 'internal', err: { message: 'secret' } })
  })

  const undecodable = [{ data: Buffer.from('ffff', 'hex') }]
  test.each([
    ['an unknown operation', { op: 'Nope' }, 10003],
    ['an unknown handle', { op: 'AIIn', param: { SeqNo: '2' } }, 10008],
    ['a message that cannot be decoded', { op: 'AIIn', param: { SeqNo: '1' }, data: undecodable }, 10401],
  ])('before there is a sid, such as %s, is logged with handle and trace', async (_name, request, code) => {
    const xsf = await start()
    await xsf.call({ ...request, s: { h: 'handle-1', t: 'trace-1' } })
    expect(xsf.logLines).toMatchObject([{ level: 30, code, handle: 'handle-1', trace: 'trace-1' }])
  })

  test('of a call without handle and trace is logged with the handle that the answer gives', async () => {
    const xsf = await start()
    const { response } = await xsf.call({ op: 'Nope' })
    expect(xsf.logLines).toMatchObject([{ handle: response.s?.h }])
    expect(xsf.logLines[0]).not.toHaveProperty('trace')
  })

  test('of the caller is logged at info', async () => {
    const xsf = await start({ once: failing(new ServiceError('schema_violation', 'payload.img is absent')) })
    await xsf.call(onceRequest())
    expect(xsf.logLines).toMatchObject([{ level: 30, sid: 'sid-1', code: 10107, msg: 'payload.img is absent' }])
  })
})

describe('a call that is refused', () => {
  const garbage = { ...onceRequest(), data: [{ data: Buffer.from('ffff', 'hex') }] }
  test.each([
    ['an unknown operation', { op: 'Nope' }, [undefined, 'operation_unknown']],
    ['an unknown handle', { op: 'AIOut' }, [undefined, 'session_unknown']],
    ['bytes that are no message', garbage, [undefined, 'message_undecodable']],
    ['no payload', onceRequest({ pl: [] }), ['svcName', 'input_missing']],
    ['no payload and no serviceId', onceRequest({ pl: [], serviceId: '' }), ['svcName', 'input_missing']],
    ['no payload for nobody', onceRequest({ pl: [], serviceId: 'made-up' }), [undefined, 'input_missing']],
  ] as const)('for %s is reported once', async (_name, request, expected) => {
    const xsf = await start()
    await xsf.call(request)
    expect(xsf.refused).toEqual([expected])
    expect(xsf.seen).toEqual([])
  })

  test('by the core, or answered by it, is not reported: the core counts those', async () => {
    for (const options of [{ once: failing(new ServiceError('no_slot')) }, {}]) {
      const xsf = await start(options)
      await xsf.call(onceRequest())
      expect(xsf.seen).toHaveLength(1)
      expect(xsf.refused).toEqual([])
    }
  })
})

test.each(['AIDetect', 'AILoad', 'AIUnLoad', 'AIHotword'])('%s is accepted with an empty answer', async op => {
  const xsf = await start()
  const { response, output } = await xsf.call({ op, param: { SeqNo: '1' } })
  expect(response.code).toBe(0)
  expect(output).toEqual({ serviceId: '', code: 0, err: '', status: 0, pl: [] })
})

describe('AILBType', () => {
  const change = (authzNo: string) => ({ op: 'AILBType', param: { lbType: '1', authzNo, timeout: '500' } })

  test('is refused while slots cannot be changed at run time', async () => {
    const xsf = await start()
    expect((await xsf.call(change('2'))).output).toMatchObject({ code: 10003, status: 2 })
  })

  test('sets the slots of the model that its LoaderInput names, or of the first one', async () => {
    const changes: [string, number][] = []
    const xsf = await start({ admin: { setSlots: (...change) => void changes.push(change) } })
    expect((await xsf.call(change('2'))).output.code).toBe(0)
    const data = [{ data: InputCodec.serialize({ serviceId: 'second' }) }]
    expect((await xsf.call({ ...change('30'), data })).output.code).toBe(0)
    expect(changes).toEqual([
      ['', 2],
      ['second', 30],
    ])
  })

  test.each(['', '0', '-1', '1.5', 'many', '1e3'])('with the number "%s" changes nothing', async authzNo => {
    const changes: unknown[] = []
    const xsf = await start({ admin: { setSlots: (...change) => void changes.push(change) } })
    const { output } = await xsf.call(change(authzNo))
    expect(output).toMatchObject({ code: 10106, err: expect.stringContaining(`"${authzNo}"`) })
    expect(changes).toEqual([])
  })

  test('tells what the administration refuses', async () => {
    const refuse = () => {
      throw new ServiceError('model_unknown', 'no such service')
    }
    const xsf = await start({ admin: { setSlots: refuse } })
    expect((await xsf.call(change('2'))).output).toMatchObject({ code: 10404, err: 'no such service' })
  })
})

describe('resources', () => {
  const WORDS = { name: 'words', dataType: 'OTHER', attribute: { lang: 'en' } } as const
  const load = { op: 'AILoad', data: [{ data: InputCodec.serialize(resource()) }] }

  function resource() {
    return { serviceId: 'second', pl: [{ meta: WORDS, data: Buffer.from('abc') }] }
  }

  test('are loaded by AILoad, whose answer names the id', async () => {
    const loaded: unknown[] = []
    const admin = { loadResource: async (...args: unknown[]) => `${loaded.push(args)}` }
    const { output } = await (await start({ admin })).call(load)
    const payload = { key: 'words', type: 'other', status: 3, attributes: { lang: 'en' }, data: Buffer.from('abc') }
    expect(loaded).toEqual([['second', [payload]]])
    expect(output).toMatchObject({ serviceId: 'second', code: 0, pl: [{ meta: { attribute: { res_id: '1' } } }] })
  })

  test('are unloaded by AIUnLoad, which names them in param or in the headers', async () => {
    const unloaded: unknown[] = []
    const xsf = await start({ admin: { unloadResource: async (...args) => void unloaded.push(args) } })
    await xsf.call({ op: 'AIUnLoad', param: { res_id: '1, 2' } })
    const data = [{ data: InputCodec.serialize({ serviceId: 'second', headers: { res_id: '3' } }) }]
    expect((await xsf.call({ op: 'AIUnLoad', data })).output.code).toBe(0)
    expect(unloaded).toEqual([
      ['', '1'],
      ['', '2'],
      ['second', '3'],
    ])
  })

  test('that the wrapper refuses, or that are unknown, are an error', async () => {
    const refuse = (error: ServiceError) => async () => Promise.reject(error)
    const xsf = await start({
      admin: {
        loadResource: refuse(new ServiceError('wrapper_failed', 'no', { wrapperRet: 7 })),
        unloadResource: refuse(new ServiceError('resource_unknown', 'which?')),
      },
    })
    expect((await xsf.call(load)).output).toMatchObject({ code: 10910, err: 'no;code=7' })
    expect((await xsf.call({ op: 'AIUnLoad', param: { res_id: '1' } })).output).toMatchObject({ code: 10404 })
    const data = [{ data: InputCodec.serialize({ serviceId: 'second' }) }]
    expect((await xsf.call({ op: 'AILoad', data })).output.code).toBe(10009)
  })

  test('are refused while they cannot be changed at run time', async () => {
    expect((await (await start()).call(load)).output).toMatchObject({ code: 10003 })
  })

  test('are named by calls and sessions in their headers', async () => {
    const xsf = await start()
    await xsf.call(onceRequest({ headers: { res_id: '1,2' } }))
    await xsf.call(onceRequest({ headers: { res_id: '' } }))
    await xsf.call(onceRequest({ headers: { res_id: '7' }, state: 'STREAM' }))
    expect(xsf.seen.map(({ request }) => request.resources)).toEqual([['1', '2'], undefined])
    expect(xsf.opened.map(({ request }) => request.resources)).toEqual([['7']])
  })
})

test('an unknown operation is told which are known', async () => {
  const xsf = await start()
  const { output } = await xsf.call({ op: 'Nope' })
  expect(output.err).toMatch(/"Nope".*AIIn, AIOut/)
})

test('a request past the size limit ends with RESOURCE_EXHAUSTED', async () => {
  const xsf = await start({ maxMessageBytes: MIB })
  const request = onceRequest({ pl: [{ meta: { name: 'img' }, data: Buffer.alloc(MIB) }] })
  expect(await xsf.call(request).catch(rpcErrorOf)).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
})
