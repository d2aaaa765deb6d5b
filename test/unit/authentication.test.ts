import { Metadata } from '@grpc/grpc-js'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { Apps } from '../../src/auth/apps.js'
import { guardInference } from '../../src/auth/guarded-inference.js'
import type { ProtoGrpcType as InferenceProto } from '../../src/gen/gateway/aiges-v1.js'
import type { ProtoGrpcType as LoaderProto } from '../../src/gen/gateway/loader.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import type { ProtoGrpcType as XsfProto } from '../../src/gen/gateway/xsf.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { instrumentInference } from '../../src/telemetry/instrumented-inference.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { modelInfoOf } from '../helpers/model-info.js'
import { openApiFaults } from '../helpers/openapi-faults.js'
import { openRawWebSocket, UpgradeRefused } from '../helpers/scenario-web-socket.js'
import { sign } from '../helpers/signed-request.js'
import { loadText } from './config/config-file.js'
import { FakeInference, modelInfo } from './protocols/shared/fake-inference.js'
import { IDLE_ADMIN, startFrontEnds } from './running-front-ends.js'

const KEY = 'the-key-of-demo'
const SECRET = 'the-secret-of-demo'
const TOKEN = 'the-token-of-demo'
const OTHER = 'the-token-of-other'
const SECRETS = [SECRET, TOKEN, OTHER]

const CONFIG = `[svcName]
host = "127.0.0.1"
port = 0
http_listen = "127.0.0.1:0"
[admin]
enabled = true
token = "the-token-of-admin"
[auth.apps.demo]
key = "${KEY}"
secret = "${SECRET}"
tokens = ["${TOKEN}"]
models = ["svcName"]
[auth.apps.other]
tokens = ["${OTHER}"]
rateLimit = 1
`

/** Everything that listens, for apps alone, over the models svcName, which demo may use, and private. */
async function serve({ open = '' } = {}) {
  const { config } = loadText(`${CONFIG}[auth]\nenabled = true\n${open}`)
  const inference = new FakeInference([
    modelInfoOf('svcName', {
      mid: 1,
      abilities: { once: true, streamingOutput: true, sessions: true, chat: true, resources: true },
    }),
    modelInfo('private'),
  ])
  const lines: string[] = []
  const apps = new Apps(config.apps)
  const metrics = createMetrics({ version: '0' })
  const slots: [string, number][] = []
  // Runs after the front-ends have stopped.
  onTestFinished(() => {
    // Whatever a test did: no credential stands in the log.
    for (const line of lines) expect(SECRETS.filter(secret => line.includes(secret))).toEqual([])
  })
  const { http, grpc } = await startFrontEnds({
    ...{ config, apps, metrics },
    inference: instrumentInference(guardInference(inference, apps), metrics),
    admin: { ...IDLE_ADMIN, setSlots: (model, count) => void slots.push([model, count]) },
    log: pino({ level: 'trace' }, { write: line => void lines.push(line) }),
  })
  return { http, grpc, inference, lines, slots }
}

const ASE_BODY = {
  header: { app_id: 'demo', status: 3 },
  parameter: {},
  payload: { text: { encoding: 'utf8', status: 3, text: 'aGk=' } },
}
const CHAT_BODY = { model: 'svcName', messages: [{ role: 'user', content: 'hi' }] }

async function post(url: string, headers: Record<string, string>, body: unknown = ASE_BODY) {
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  const text = await response.text()
  return { status: response.status, headers: response.headers, json: JSON.parse(text) }
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** Credentials in the query, as clients of ASE send them. */
function signedQuery(http: string, method: string, path: string, date = new Date()) {
  return new URLSearchParams(sign({ key: KEY, secret: SECRET }, { method, host: new URL(http).host, path, date }))
}

describe('ASE over HTTP', () => {
  it('takes a token, and a signature in headers or in the query', async () => {
    const { http } = await serve()
    const url = `${http}/v1/svcName`
    expect((await post(url, bearer(TOKEN))).status).toBe(200)
    expect((await post(`${url}?${signedQuery(http, 'POST', '/v1/svcName')}`, {})).status).toBe(200)
    const { host: _, ...headers } = sign(
      { key: KEY, secret: SECRET },
      { method: 'POST', host: new URL(http).host, path: '/v1/svcName' },
    )
    // fetch sends no date of its own making, so that it goes into the query.
    const { date, authorization } = headers
    expect((await post(`${url}?${new URLSearchParams({ date, authorization })}`, {})).status).toBe(200)
  })

  it('tells the wrapper and the core whose request it is, and hands on no signature', async () => {
    const { http, inference } = await serve()
    const apps: (string | undefined)[] = []
    const { answer } = inference
    inference.answer = (request, ctx) => {
      apps.push(ctx.app)
      return answer(request, ctx)
    }
    await post(`${http}/v1/svcName?${signedQuery(http, 'POST', '/v1/svcName')}`, {})
    const path = '/api/model/service/base64'
    await post(`${http}${path}?mid=1&${signedQuery(http, 'POST', path)}`, {}, { image: 'aGk=' })
    expect(apps[0]).toBe('demo')
    for (const { parameters } of inference.requests) expect(parameters).not.toHaveProperty('authorization')
  })

  it.each([
    ['nothing', () => ({}), 401],
    ['the token of nobody', () => bearer('the-token-of-nobody'), 401],
    ['a token in another case', () => bearer(TOKEN.toUpperCase()), 401],
    ['a signature of another path', (http: string) => query(signedQuery(http, 'POST', '/v1/private')), 401],
    ['a signature of another method', (http: string) => query(signedQuery(http, 'GET', '/v1/svcName')), 401],
    [
      'a signature that is replayed after 301 s',
      (http: string) => query(signedQuery(http, 'POST', '/v1/svcName', new Date(Date.now() - 301_000))),
      401,
    ],
    ['the token of an app that the body does not name', () => bearer(OTHER), 403],
  ])('refuses %s', async (_what, credentials, status) => {
    const { http, inference } = await serve()
    const { search = '', ...headers } = credentials(http) as Record<string, string>
    const answer = await post(`${http}/v1/svcName${search}`, headers)
    expect(answer.status).toBe(status)
    expect(answer.json).toMatchObject({ header: { code: 10313 }, payload: null })
    expect(answer.headers.has('www-authenticate')).toBe(status === 401)
    expect(inference.requests).toEqual([])
  })

  it('refuses a body that names no app', async () => {
    const { http } = await serve()
    const answer = await post(`${http}/v1/svcName`, bearer(TOKEN), { ...ASE_BODY, header: {} })
    expect(answer).toMatchObject({ status: 403, json: { header: { code: 10313 } } })
    expect(answer.json.header.message).toMatch(/^header\.app_id: is missing/)
  })

  it('refuses an app without the model, before it says more of it', async () => {
    const { http, inference } = await serve()
    const answer = await post(`${http}/v1/private`, bearer(TOKEN))
    expect(answer).toMatchObject({ status: 403, json: { header: { code: 10313 } } })
    expect(inference.requests).toEqual([])
  })

  it('refuses what comes too often, and says when to try again', async () => {
    const { http } = await serve()
    const body = { ...ASE_BODY, header: { appid: 'other' } }
    expect((await post(`${http}/v1/svcName`, bearer(OTHER), body)).status).toBe(200)
    const answer = await post(`${http}/v1/svcName`, bearer(OTHER), body)
    expect(answer).toMatchObject({ status: 429, json: { header: { code: 10116 } } })
    expect(answer.headers.get('retry-after')).toBe('1')
    expect((await post(`${http}/v1/svcName`, bearer(TOKEN))).status).toBe(200)
  })

  it('asks before it reads the body', async () => {
    const { http } = await serve()
    const answer = await post(`${http}/v1/svcName`, {}, 'x'.repeat(17 << 20)).catch(() => undefined)
    expect(answer?.status ?? 401).toBe(401)
  })

  it('writes no signature into the log', async () => {
    const { http, lines } = await serve()
    const signed = signedQuery(http, 'POST', '/v1/nowhere')
    expect((await post(`${http}/v1/nowhere?x=1&${signed}`, {})).status).toBe(404)
    const line = lines.find(text => text.includes('/v1/nowhere')) ?? ''
    expect(line).toContain('/v1/nowhere?x=1')
    expect(line).not.toContain('authorization')
  })
})

const query = (search: URLSearchParams) => ({ search: `?${search}` })

describe('results as they come', () => {
  it('are for apps alone', async () => {
    const { http } = await serve()
    const events = { accept: 'text/event-stream' }
    const refused = await post(`${http}/v1/svcName`, events)
    expect(refused).toMatchObject({ status: 401, json: { header: { code: 10313 } } })
    const headers = { ...events, ...bearer(TOKEN) }
    const taken = await fetch(`${http}/v1/svcName`, { method: 'POST', headers, body: JSON.stringify(ASE_BODY) })
    expect(await taken.text()).toMatch(/^data: /)
  })
})

describe('a WebSocket', () => {
  it('is refused without credentials, in the form of ASE', async () => {
    const { http } = await serve()
    const refusal = await openRawWebSocket(http).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UpgradeRefused)
    expect((refusal as UpgradeRefused).status).toBe(401)
    expect(JSON.parse((refusal as UpgradeRefused).body)).toMatchObject({ header: { code: 10313 } })
  })

  it('is taken with a signature in the query, and its frames are those of the app', async () => {
    const { http, inference } = await serve()
    const path = `/v1/svcName?${signedQuery(http, 'GET', '/v1/svcName')}`
    const { socket, next } = await openRawWebSocket(http, path)
    socket.send(JSON.stringify({ ...ASE_BODY, header: { app_id: 'demo', status: 0 } }))
    expect(JSON.parse(await next())).toMatchObject({ header: { code: 0 } })
    expect(inference.sessions[0]?.ctx.app).toBe('demo')
    socket.terminate()
  })

  it('is closed when its first frame names another app', async () => {
    const { http, inference } = await serve()
    const { socket, next, closed } = await openRawWebSocket(
      http,
      `/v1/svcName?${signedQuery(http, 'GET', '/v1/svcName')}`,
    )
    socket.send(JSON.stringify({ ...ASE_BODY, header: { app_id: 'other', status: 0 } }))
    expect(JSON.parse(await next())).toMatchObject({ header: { code: 10313 } })
    await closed
    expect(inference.sessions).toEqual([])
    expect(socket.readyState).toBe(WebSocket.CLOSED)
  })
})

describe('the other protocols over HTTP', () => {
  const INPUTS = { inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], data: ['a'] }] }

  it.each<[string, string, unknown, (json: Record<string, unknown>) => void]>([
    ['OIP', '/v2/models/svcName/infer', INPUTS, json => expect(json).toEqual({ error: expect.any(String) })],
    [
      'OpenAI',
      '/openai/v1/chat/completions',
      CHAT_BODY,
      json => expect(json).toMatchObject({ error: { type: 'authentication_error', code: 'invalid_api_key' } }),
    ],
    [
      'MindSpore',
      '/model/svcName:predict',
      { instances: [{ text: 'a' }] },
      json => expect(json).toMatchObject({ error_msg: expect.any(String) }),
    ],
    [
      'EdgeBoard',
      '/api/model/service/base64?mid=1',
      { image: 'aGk=' },
      json => expect(json).toMatchObject({ code: expect.any(Number) }),
    ],
    ['a path of nobody', '/nowhere/at/all', {}, json => expect(JSON.stringify(json)).toContain('Bearer')],
  ])('refuse in their own form: %s', async (_name, path, body, check) => {
    const { http, inference } = await serve()
    const { status, json } = await post(`${http}${path}`, {}, body)
    expect(status).toBe(401)
    check(json)
    expect(inference.requests).toEqual([])
    expect((await post(`${http}${path}`, bearer(TOKEN), body)).status).not.toBe(401)
  })

  it('keep OIP models to the apps that may use them', async () => {
    const { http, inference } = await serve()
    const { status } = await post(`${http}/v2/models/private/infer`, bearer(TOKEN), INPUTS)
    expect(status).toBe(403)
    expect(inference.requests).toEqual([])
  })
})

it('answers the questions of browsers that ask before they send credentials', async () => {
  const { http } = await serve({ open: '[http]\ncorsOrigins = ["https://example.com"]' })
  const origin = 'https://example.com'
  const preflight = await fetch(`${http}/v1/svcName`, {
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
  })
  expect(preflight.status).toBe(204)
  const refused = await post(`${http}/v1/svcName`, { origin })
  expect(refused.status).toBe(401)
  expect(refused.headers.get('access-control-allow-origin')).toBe(origin)
})

describe('what needs no app', () => {
  const OPEN = ['/livez', '/readyz', '/v2/health/live', '/metrics', '/openapi.json', '/swagger/', '/test.json']

  it('are probes, metrics and documents', async () => {
    const { http } = await serve()
    const statuses = await Promise.all(OPEN.map(async path => (await fetch(http + path)).status))
    expect(statuses.filter(status => status === 401)).toEqual([])
  })

  it('is what the configuration says', async () => {
    const { http } = await serve({ open: 'open = ["probes"]' })
    const closed = OPEN.slice(3)
    const statuses = async (paths: string[], headers = {}) =>
      Promise.all(paths.map(async path => (await fetch(http + path, { headers })).status))
    expect(await statuses(OPEN.slice(0, 3))).not.toContain(401)
    expect(await statuses(closed)).toEqual(closed.map(() => 401))
    expect(await statuses(closed, bearer(TOKEN))).not.toContain(401)
  })

  it('is the admin API, which has a token of its own', async () => {
    const { http } = await serve()
    expect((await fetch(`${http}/admin/models`, { headers: bearer('the-token-of-admin') })).status).toBe(200)
    expect((await fetch(`${http}/admin/models`, { headers: bearer(TOKEN) })).status).toBe(401)
  })

  it('is no path that merely looks like it', async () => {
    const { http } = await serve()
    for (const path of ['/livez/../v1/svcName', '/livez/x', '//livez', '/LIVEZ', '/v2/models', '/v2']) {
      expect([401, 404]).toContain((await fetch(http + path)).status)
    }
    expect((await fetch(`${http}/v2`)).status).toBe(401)
  })
})

it('the API page can send a token, and the document keeps to OpenAPI 3.0', async () => {
  const { http } = await serve()
  const document = (await (await fetch(`${http}/openapi.json`)).json()) as Readonly<Record<string, unknown>>
  expect(document).toMatchObject({
    security: [{ app: [] }],
    components: { securitySchemes: { app: { type: 'http', scheme: 'bearer' } } },
  })
  expect(await openApiFaults(document)).toEqual([])
})

it('metrics count requests by app', async () => {
  const { http } = await serve()
  await post(`${http}/v1/svcName`, bearer(TOKEN))
  await post(`${http}/v1/private`, bearer(TOKEN))
  await post(`${http}/v1/svcName`, {})
  const metrics = await (await fetch(`${http}/metrics`)).text()
  expect(metrics).toContain('aiservice_app_requests_total{app="demo",code="ok"} 1')
  expect(metrics).toContain('aiservice_app_requests_total{app="demo",code="permission_denied"} 1')
  expect(metrics).toMatch(/aiservice_requests_total\{[^}]*protocol="ase",code="unauthenticated"\} 1/)
})

const { Inference } = loadProto<InferenceProto>('gateway', 'aiges-v1.proto').aiges.v1
const { GRPCInferenceService } = loadProto<OipProto>('gateway', 'oip.proto').inference
const { XsfCall } = loadProto<XsfProto>('gateway', 'xsf.proto').utils
const { LoaderInput, LoaderOutput } = loadProto<LoaderProto>('gateway', 'loader.proto').protocol

const metadataOf = (entries: Record<string, string>) => {
  const metadata = new Metadata()
  for (const [name, value] of Object.entries(entries)) metadata.set(name, value)
  return metadata
}

describe('XsfCall', () => {
  async function call(address: string, op: string, headers: Record<string, string>, about: XsfRequest = {}) {
    const client = createClient(XsfCall, { address, maxMessageBytes: 1 << 20 })
    const { handle = 'h', model = 'svcName', state = 'ONCE', param = {}, appid } = about
    const input = {
      ...{ serviceId: model, state, headers: { ...(appid && { appid }) } },
      pl: [{ meta: { name: 'txt' }, data: Buffer.from('x') }],
    }
    const data = [{ data: LoaderInput.serialize(input as never) }]
    const request = { op, param: { SeqNo: '1', ...param }, s: { h: handle }, data }
    try {
      const answer = await new Promise<{ data: readonly { data: Buffer }[] }>((resolve, reject) => {
        client.call(request, metadataOf(headers), (error, response) => {
          if (response) resolve(response as never)
          else reject(error)
        })
      })
      return LoaderOutput.deserialize(answer.data[0]?.data ?? Buffer.alloc(0))
    } finally {
      client.close()
    }
  }
  interface XsfRequest {
    readonly handle?: string
    readonly model?: string
    readonly state?: 'ONCE' | 'STREAM'
    readonly param?: Record<string, string>
    readonly appid?: string
  }

  it('answers apps, by token or signature', async () => {
    const { grpc } = await serve()
    expect((await call(grpc, 'AIIn', bearer(TOKEN))).code).toBe(0)
    const line = { method: 'POST', host: grpc, path: '/utils.XsfCall/call' }
    const { host: _, ...signed } = sign({ key: KEY, secret: SECRET }, line)
    expect((await call(grpc, 'AIIn', signed)).code).toBe(0)
  })

  it.each([
    ['AIIn', {}, {}],
    ['AIOut', {}, {}],
    ['AIExcp', {}, {}],
    ['AILBType', {}, { param: { authzNo: '5' } }],
    ['AILoad', {}, {}],
    ['AIIn', bearer(TOKEN), { model: 'private' }],
    ['AIIn', bearer(TOKEN), { appid: 'other' }],
    ['AILBType', bearer(TOKEN), { model: 'private', param: { authzNo: '5' } }],
    ['AILoad', bearer(TOKEN), { model: 'private' }],
  ])('refuses %s with %j and %j in its own form', async (op, headers, about) => {
    const { grpc, inference, slots } = await serve()
    expect((await call(grpc, op, headers as Record<string, string>, about)).code).toBe(10313)
    expect(inference.requests).toEqual([])
    expect(slots).toEqual([])
  })

  it('keeps the sessions of apps apart, whatever their handles', async () => {
    const { grpc, inference } = await serve()
    inference.opened = session => {
      session.close = () => {}
    }
    const opening = { handle: 'same', state: 'STREAM' } as const
    expect((await call(grpc, 'AIIn', bearer(TOKEN), opening)).code).toBe(0)
    expect((await call(grpc, 'AIExcp', bearer(OTHER), { handle: 'same' })).code).toBe(10008)
    const poll = { handle: 'same', param: { waitTime: '1' } }
    expect((await call(grpc, 'AIOut', bearer(OTHER), poll)).code).toBe(10008)
    expect((await call(grpc, 'AIOut', bearer(TOKEN), poll)).code).toBe(0)
  })
})

describe('aiges.v1', () => {
  async function exec(address: string, headers: Record<string, string>, appid = '') {
    const client = createClient(Inference, { address, maxMessageBytes: 1 << 20 })
    const data = [{ data_id: 'txt', status: 'END' as const, data: Buffer.from('x') }]
    try {
      return await new Promise((resolve, reject) => {
        client.Exec({ model: 'svcName', data, route: { appid } }, metadataOf(headers), (error, response) =>
          error ? reject(error) : resolve(response),
        )
      })
    } finally {
      client.close()
    }
  }

  it('is for apps alone', async () => {
    const { grpc } = await serve()
    await expect(exec(grpc, bearer(TOKEN))).resolves.toBeDefined()
    await expect(exec(grpc, {})).rejects.toMatchObject({ code: 16 })
    await expect(exec(grpc, bearer(TOKEN), 'other')).rejects.toMatchObject({ code: 7 })
    const failure = (await exec(grpc, {}).catch((error: unknown) => error)) as { metadata: Metadata }
    expect(failure.metadata.get('aiges-code')).toEqual(['10313'])
  })

  it.each(['ExecStream', 'Stream'] as const)('refuses %s without credentials', async method => {
    const { grpc, inference } = await serve()
    const client = createClient(Inference, { address: grpc, maxMessageBytes: 1 << 20 })
    const message = { model: 'svcName', data: [{ data_id: 'txt', data: Buffer.from('x') }] }
    const open = () => {
      if (method === 'ExecStream') return client.ExecStream(message)
      const stream = client.Stream()
      stream.end(message)
      return stream
    }
    const call = open()
    const results = (async () => {
      for await (const _ of call);
    })()
    await expect(results).rejects.toMatchObject({ code: 16 })
    client.close()
    expect([...inference.requests, ...inference.sessions]).toEqual([])
  })
})

describe('the Open Inference Protocol over gRPC', () => {
  it('is for apps alone, but for its probes', async () => {
    const { grpc } = await serve()
    const client = createClient(GRPCInferenceService, { address: grpc, maxMessageBytes: 1 << 20 })
    const outcome = (run: (done: (error: { code: number } | null) => void) => void) =>
      new Promise<number>(resolve => run(error => resolve(error?.code ?? 0)))
    const request = { model_name: 'svcName' }
    expect(await outcome(done => client.ServerLive({}, done))).toBe(0)
    expect(await outcome(done => client.ModelInfer(request, done))).toBe(16)
    expect(await outcome(done => client.ModelMetadata({ name: 'svcName' }, done))).toBe(16)
    expect(await outcome(done => client.RepositoryIndex({}, done))).toBe(16)
    const metadata = metadataOf(bearer(TOKEN))
    expect(await outcome(done => client.ModelMetadata({ name: 'svcName' }, metadata, done))).toBe(0)
    const infer = {
      model_name: 'private',
      inputs: [{ name: 'x', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from('a')] } }],
    }
    expect(await outcome(done => client.ModelInfer(infer, metadata, done))).toBe(7)
    const stream = client.ModelStreamInfer()
    const ended = (async () => {
      for await (const _ of stream);
    })()
    await expect(ended).rejects.toMatchObject({ code: 16 })
    client.close()
  })
})
