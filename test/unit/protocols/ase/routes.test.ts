import { EventEmitter, once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { FastifyInstance } from 'fastify'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { REASONS, type Reason, ServiceError, TEMPORARY } from '../../../../src/core/error.js'
import { ASE_ERRORS } from '../../../../src/protocols/ase/error-map.js'
import { FakeInference, mnistSchema, modelInfo, resultOf, textOutput } from '../shared/fake-inference.js'
import { aseServer, codeOf } from './ase-server.js'

const POST = { method: 'POST', url: '/v1/svcName' } as const
const REQUEST = { payload: { img: { image: 'AAEC' } } }
const fails = (error: unknown) =>
  new FakeInference([modelInfo('svcName')], () => {
    throw error
  })

describe('a once request', () => {
  it('reaches the model as the client meant it', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const { server } = aseServer(inference, { headerPass: ['uid'] })
    const payload = {
      header: { uid: 'u' },
      parameter: { svcName: { p: 1, result: { encoding: 'utf8', data_type: 'text' } } },
      payload: { img: { encoding: 'png', image: 'AAEC' } },
    }
    const response = await server.inject({ ...POST, payload })
    const { header } = response.json()
    expect(inference.requests).toEqual([
      {
        model: 'svcName',
        parameters: { p: '1', uid: 'u', sid: header.sid },
        accepts: [{ name: 'result', type: 'text', attributes: { encoding: 'utf8' } }],
        payloads: [
          { key: 'img', type: 'image', status: 3, attributes: { encoding: 'png' }, data: Buffer.from([0, 1, 2]) },
        ],
      },
    ])
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(response.headers['content-length']).toBe(String(Buffer.byteLength(response.body)))
  })

  it.each([
    ['3', ['3']],
    ['3, 4', ['3', '4']],
    [
      [3, '4'],
      ['3', '4'],
    ],
    ['', undefined],
    [undefined, undefined],
  ])('names resources in header.res_id: %j', async (resId, resources) => {
    const inference = new FakeInference([modelInfo('svcName')])
    const { server } = aseServer(inference)
    await server.inject({ ...POST, payload: { ...REQUEST, header: { res_id: resId } } })
    expect(inference.requests[0]?.resources).toEqual(resources)
  })

  it('is refused when header.res_id is an object', async () => {
    const { server } = aseServer(new FakeInference([modelInfo('svcName')]))
    const response = await server.inject({ ...POST, payload: { ...REQUEST, header: { res_id: {} } } })
    expect(codeOf(response)).toEqual({ http: 400, code: 10107 })
  })

  it.each(['/v1/svcName', '/v1/svcName?x=1', '/v1/private/mnist', '/elsewhere', '/v1/%73vcName'])(
    'is taken at %s',
    async url => {
      const schema = mnistSchema({ routes: ['/v1/private/mnist', '/elsewhere'], request: {} })
      const inference = new FakeInference([modelInfo('svcName', schema)])
      const { server } = aseServer(inference)
      expect(codeOf(await server.inject({ method: 'POST', url, payload: REQUEST }))).toEqual({ http: 200, code: 0 })
      expect(inference.requests[0]?.model).toBe('svcName')
    },
  )

  it('is taken on a route that becomes known after the server listens', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const { server } = aseServer(inference)
    await server.ready()
    inference.served = [modelInfo('svcName', mnistSchema({ routes: ['/late'], request: {} }))]
    expect(codeOf(await server.inject({ method: 'POST', url: '/late', payload: REQUEST })).code).toBe(0)
  })

  it.each([undefined, '', 'text/plain', 'application/x-www-form-urlencoded', 'garbage', 'a/b; c', ';;'])(
    'may have the content type %j',
    async type => {
      const { server } = aseServer(new FakeInference([modelInfo('svcName')]))
      const headers = type === undefined ? {} : { 'content-type': type }
      const response = await server.inject({ ...POST, headers, payload: Buffer.from(JSON.stringify(REQUEST)) })
      expect(codeOf(response)).toEqual({ http: 200, code: 0 })
    },
  )

  it('is checked for JSON, then payload, then schema, then service', async () => {
    const { server } = aseServer(new FakeInference([modelInfo('svcName', mnistSchema())]))
    const ask = async (url: string, payload: string) =>
      codeOf(await server.inject({ method: 'POST', url, payload })).code
    expect(await ask('/v1/nobody', '{')).toBe(10000)
    expect(await ask('/v1/nobody', '{}')).toBe(10009)
    expect(await ask('/v1/svcName', '{"header":{},"payload":{"img":{"image":"@"}}}')).toBe(10001)
    expect(await ask('/v1/svcName', '{"header":{},"payload":{"img":{"image":"AAEC"}}}')).toBe(10107)
    expect(await ask('/v1/nobody', '{"header":{},"payload":{"img":{"image":"AAEC"}}}')).toBe(10404)
  })
})

describe('a base path of its own', () => {
  it.each(['/ase', '/a/b', '/'])('%s is where models are, and the wrappers own paths stay', async basePath => {
    const inference = new FakeInference([modelInfo('svcName', mnistSchema({ routes: ['/elsewhere'], request: {} }))])
    const { server } = aseServer(inference, { basePath })
    const ask = async (url: string) => codeOf(await server.inject({ method: 'POST', url, payload: REQUEST })).http
    expect(await ask(`${basePath === '/' ? '' : basePath}/svcName`)).toBe(200)
    expect(await ask('/elsewhere')).toBe(200)
    expect(await ask('/v1/svcName')).toBe(404)
    expect((await server.inject('/test.json')).statusCode).toBe(200)
  })
})

describe('normalizeText', () => {
  it('gives the wrapper plain UTF-8 and the client what it asked for', async () => {
    const inference = new FakeInference([modelInfo('svcName')], request =>
      resultOf(textOutput('结果', { ...request.accepts[0]?.attributes })),
    )
    const { server } = aseServer(inference, { normalizeText: true })
    const payload = {
      parameter: { svcName: { result: { encoding: 'gbk', compress: 'gzip', data_type: 'text' } } },
      payload: {
        txt: {
          encoding: 'gb2312',
          compress: 'gzip',
          text: gzipSync(iconv.encode('识别', 'gb2312')).toString('base64'),
        },
      },
    }
    const { payload: answer } = (await server.inject({ ...POST, payload })).json()
    expect(Buffer.from(inference.requests[0]?.payloads[0]?.data ?? []).toString()).toBe('识别')
    expect(answer.result).toMatchObject({ encoding: 'gbk', compress: 'gzip' })
    expect(iconv.decode(gunzipSync(Buffer.from(answer.result.text, 'base64')), 'gbk')).toBe('结果')
  })

  it.each([
    [{ txt: { encoding: 'klingon', text: '' } }, {}, { http: 400, code: 10001 }],
    [{ txt: { text: '' } }, { result: { encoding: 'klingon', data_type: 'text' } }, { http: 400, code: 10107 }],
    [
      { txt: { compress: 'gzip', text: gzipSync(Buffer.alloc(70_000)).toString('base64') } },
      {},
      { http: 413, code: 10010 },
    ],
  ])('refuses %j with %j', async (payload, svcName, expected) => {
    const { server } = aseServer(new FakeInference([modelInfo('svcName')]), { normalizeText: true })
    expect(codeOf(await server.inject({ ...POST, payload: { payload, parameter: { svcName } } }))).toEqual(expected)
  })

  it('is off unless it is wanted: text is handed over as it came', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const data = gzipSync('x')
    await aseServer(inference).server.inject({
      ...POST,
      payload: { payload: { txt: { encoding: 'klingon', compress: 'gzip', text: data.toString('base64') } } },
    })
    expect(inference.requests[0]?.payloads[0]).toMatchObject({ attributes: { encoding: 'klingon' }, data })
  })
})

describe('an error', () => {
  it.each(Object.keys(REASONS) as Reason[])('with reason %s has its code, status and text', async reason => {
    const { server, logged } = aseServer(fails(new ServiceError(reason, 'what happened')))
    const response = await server.inject({ ...POST, payload: REQUEST })
    const { code, http } = ASE_ERRORS[reason]
    const { header, payload } = response.json()
    expect({ http: response.statusCode, payload, ...header }).toEqual({
      http,
      payload: null,
      code,
      message: 'what happened',
      sid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    })
    const temporary = ['no_slot', 'not_ready', 'rate_limited'].includes(reason)
    expect(response.headers['retry-after']).toBe(temporary ? '1' : undefined)
    const entries = logged()
    expect(entries).toHaveLength(1)
    expect(entries[0]).toMatchObject({
      level: TEMPORARY.has(reason) ? 20 : http >= 500 ? 50 : 30,
      sid: header.sid,
      reason,
      code,
      msg: 'what happened',
    })
  })

  it("of a wrapper ends in the wrapper's own code", async () => {
    const { server } = aseServer(fails(new ServiceError('wrapper_failed', 'errr', { wrapperRet: 100 })))
    const { header } = (await server.inject({ ...POST, payload: REQUEST })).json()
    expect(header).toMatchObject({ code: 10910, message: 'errr;code=100' })
  })

  it('that nobody foresaw has a fixed text, and its cause is in the log', async () => {
    const { server, logged } = aseServer(fails(new TypeError('secret of the house')))
    const response = await server.inject({ ...POST, payload: REQUEST })
    expect(codeOf(response)).toEqual({ http: 500, code: 11502 })
    expect(response.body).not.toContain('secret')
    expect(logged()).toMatchObject([{ err: { message: 'secret of the house', stack: expect.any(String) } }])
  })
})

describe('a request that is refused', () => {
  const served = () => new FakeInference([modelInfo('svcName', mnistSchema({ routes: ['/elsewhere'] }))])
  const model = 'svcName'

  it.each([
    ['POST', '/v1/svcName', '{', [model, 'body_not_json']],
    ['POST', '/elsewhere', '{"payload":{"img":{"image":"@"}}}', [model, 'payload_undecodable']],
    ['POST', '/v1/svcName?x', '{"header":{},"payload":{"img":{"image":"AA=="}}}', [model, 'schema_violation']],
    ['POST', '/v1/svcName', 'x'.repeat(101), [model, 'message_too_large']],
    ['GET', '/v1/svcName', undefined, [model, 'method_not_allowed']],
    ['POST', '/v1/made-up', JSON.stringify(REQUEST), [undefined, 'model_unknown']],
    ['GET', '/nowhere', undefined, [undefined, 'path_unknown']],
    ['GET', '/v1/%zz', undefined, [undefined, 'path_unknown']],
  ] as const)('before it reaches the model is reported once: %s %s %j', async (method, url, payload, expected) => {
    const inference = served()
    const { server, refused } = aseServer(inference, { bodyLimitBytes: 100 })
    await server.inject({ method, url, ...(payload !== undefined && { payload }) })
    expect(refused).toEqual([expected])
    expect(inference.requests).toEqual([])
  })

  it('by the model, or answered by it, is not reported: the core counts those', async () => {
    const unusable = new FakeInference([modelInfo('svcName')], () => resultOf(textOutput('x', { encoding: 'klingon' })))
    for (const inference of [fails(new ServiceError('no_slot')), unusable, new FakeInference([modelInfo('svcName')])]) {
      const { server, refused } = aseServer(inference, { normalizeText: true })
      await server.inject({ ...POST, payload: REQUEST })
      expect(inference.requests).toHaveLength(1)
      expect(refused).toEqual([])
    }
  })
})

describe('a client that leaves', () => {
  const body = JSON.stringify(REQUEST)
  const head = `POST /v1/svcName HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n`

  /** Sends something, leaves as soon as `arrived`, and waits for the line that the server logs about it. */
  async function visit(inference: FakeInference, text: string, arrived: (server: FastifyInstance) => Promise<unknown>) {
    const { server, logged, nextLine } = aseServer(inference)
    const arrival = arrived(server)
    await server.listen({ host: '127.0.0.1', port: 0 })
    const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
    const received: Buffer[] = []
    socket.on('data', data => received.push(data))
    socket.write(text)
    await arrival
    const line = nextLine()
    socket.destroy()
    await line
    await server.close()
    return { received, logged: logged() }
  }

  it('during the work cancels it, gets no answer and is logged at info', async () => {
    const started = new EventEmitter()
    const inference = new FakeInference([modelInfo('svcName')], async (_request, { signal }) => {
      started.emit('work')
      await once(signal, 'abort')
      throw signal.reason
    })
    const { received, logged } = await visit(inference, head + body, () => once(started, 'work'))
    expect(received).toEqual([])
    expect(logged).toMatchObject([{ level: 30, reason: 'cancelled', code: 10117, sid: expect.any(String) }])
  })

  it('in the middle of its body is logged at info, and the model sees nothing', async () => {
    const inference = new FakeInference([modelInfo('svcName')])
    const { logged } = await visit(inference, head + body.slice(0, 5), server => once(server.server, 'request'))
    expect(logged).toMatchObject([{ level: 30, reason: 'cancelled' }])
    expect(inference.requests).toEqual([])
  })
})

describe('what no route is there for', () => {
  const served = () => [modelInfo('svcName', mnistSchema({ routes: ['/elsewhere'] }))]

  it.each(['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const)('%s on a path of a model is 405', async method => {
    for (const url of ['/v1/svcName', '/elsewhere']) {
      const response = await aseServer(new FakeInference(served())).server.inject({ method, url })
      expect(codeOf(response)).toEqual({ http: 405, code: 10011 })
      expect(response.headers.allow).toBe('POST')
    }
  })

  it('POST on the example request is 405', async () => {
    const response = await aseServer(new FakeInference(served())).server.inject({
      method: 'POST',
      url: '/test.json',
    })
    expect(codeOf(response)).toEqual({ http: 405, code: 10011 })
    expect(response.headers.allow).toBe('GET, HEAD')
  })

  it.each([
    ['GET', '/nowhere'],
    ['POST', '/nowhere'],
    ['GET', '/v1/'],
    ['GET', '/%zz'],
    ['POST', '/v1/%zz'],
  ] as const)('%s %s is 404', async (method, url) => {
    const response = await aseServer(new FakeInference(served())).server.inject({ method, url })
    expect(codeOf(response)).toEqual({ http: 404, code: 10404 })
  })

  it('a body past the limit is 413, whatever the path', async () => {
    for (const url of ['/v1/svcName', '/nowhere']) {
      const { server } = aseServer(new FakeInference(served()), { bodyLimitBytes: 1000 })
      const response = await server.inject({ method: 'POST', url, payload: 'x'.repeat(1001) })
      expect(codeOf(response)).toEqual({ http: 413, code: 10010 })
    }
  })
})

describe('the example request', () => {
  const served = () => new FakeInference([modelInfo('svcName', mnistSchema())])

  it('at /test.json runs as it stands', async () => {
    const { server } = aseServer(served())
    const example = await server.inject('/test.json')
    expect(codeOf(await server.inject({ ...POST, payload: example.json() }))).toEqual({ http: 200, code: 0 })
    expect((await server.inject('/test.json?service=svcName')).body).toBe(example.body)
    expect(codeOf(await server.inject('/test.json?service=nobody')).http).toBe(404)
  })

  it('says why there is none', async () => {
    const info = { ...modelInfo('svcName'), readiness: { ready: false, why: 'starting' } as const }
    const response = await aseServer(new FakeInference([info])).server.inject('/test.json')
    expect(codeOf(response)).toEqual({ http: 503, code: 10115 })
    expect(response.body).toContain('starting')
  })
})
