import { describe, expect, it, vi } from 'vitest'
import { WebSocket } from 'ws'
import { openApiFaults } from '../helpers/openapi-faults.js'
import { openRawWebSocket, UpgradeRefused } from '../helpers/scenario-web-socket.js'
import { sign } from '../helpers/signed-request.js'
import {
  ASE_BODY,
  bearer,
  CHAT_BODY,
  KEY,
  LIMITED,
  OTHER,
  post,
  SECRET,
  serve,
  signedQuery,
  TOKEN,
} from './authentication-fixture.js'
import { deferred } from './rpc/deferred.js'

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

  it('refuses what an app sends while it has as much in flight as it may', async () => {
    const { http, inference } = await serve()
    const { answer } = inference
    const held = deferred()
    inference.answer = async (...asked) => {
      await held.promise
      return answer(...asked)
    }
    const ask = () => post(`${http}/v1/svcName`, bearer(LIMITED), { ...ASE_BODY, header: { appid: 'limited' } })
    const first = ask()
    await vi.waitFor(() => expect(inference.requests).toHaveLength(1))
    const refused = await ask()
    expect(refused).toMatchObject({ status: 429, json: { header: { code: 10116 } } })
    expect(refused.headers.get('retry-after')).toBe('1')
    held.resolve()
    expect((await first).status).toBe(200)
    expect((await ask()).status).toBe(200)
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

  it('counts as in flight as long as its session is open', async () => {
    const { http, inference } = await serve()
    const begin = async () => {
      const client = await openRawWebSocket(http, '/v1/svcName', bearer(LIMITED))
      client.socket.send(JSON.stringify({ ...ASE_BODY, header: { app_id: 'limited', status: 0 } }))
      return { socket: client.socket, code: JSON.parse(await client.next()).header.code }
    }
    const first = await begin()
    expect([first.code, (await begin()).code]).toEqual([0, 10116])
    first.socket.terminate()
    await vi.waitFor(async () => {
      const next = await begin()
      next.socket.terminate()
      expect(next.code).toBe(0)
    })
    expect(inference.sessions).toHaveLength(2)
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

  it.each<[string, string, unknown]>([
    ['OIP', '/v2/models/private/infer', INPUTS],
    ['OpenAI', '/openai/v1/chat/completions', { ...CHAT_BODY, model: 'private' }],
    ['MindSpore', '/model/private:predict', { instances: [{ text: 'a' }, { text: 'b' }] }],
    ['EdgeBoard', '/api/model/service/base64?mid=2', { image: 'aGk=' }],
  ])('keep models to the apps that may use them: %s', async (_name, path, body) => {
    const { http, inference } = await serve()
    const { status, json } = await post(`${http}${path}`, bearer(TOKEN), body)
    expect({ status, json }).toMatchObject({ status: 403 })
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
