import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createHttpServer } from '../../src/protocols/shared/http-server.js'
import { modelInfoOf } from '../helpers/model-info.js'
import { openRawWebSocket } from '../helpers/scenario-web-socket.js'
import { loadText } from './config/config-file.js'
import { FakeInference } from './protocols/shared/fake-inference.js'
import { startFrontEnds } from './running-front-ends.js'

/** Everything that listens, over a model that can do everything. */
async function serve() {
  const { config } = loadText('[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"')
  const abilities = { once: true, streamingOutput: true, sessions: true, chat: true, resources: true }
  const inference = new FakeInference([modelInfoOf('svcName', { mid: 1, abilities })])
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: line => void lines.push(line) })
  const { http } = await startFrontEnds({ config, inference, log })
  return { http, inference, lines }
}

async function post(url: string, body: string) {
  const response = await fetch(url, { method: 'POST', body })
  return { status: response.status, text: await response.text() }
}

const lists = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
const objects = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

const DEEP: readonly [string, string, (deep: string) => string][] = [
  ['ASE, a parameter', '/v1/svcName', deep => `{"parameter":{"svcName":{"x":${deep}}}}`],
  ['ASE, a payload', '/v1/svcName', deep => `{"payload":{"t":{"text":${deep}}}}`],
  ['OIP', '/v2/models/svcName/infer', deep => `{"inputs":[{"name":"x","datatype":"FP32","shape":[1],"data":${deep}}]}`],
  ['OIP with long numbers', '/v2/models/svcName/infer', deep => `{"id":12345678901234567890,"inputs":${deep}}`],
  ['OpenAI', '/openai/v1/chat/completions', deep => `{"model":"svcName","messages":${deep}}`],
  ['MindSpore', '/model/svcName:predict', deep => `{"instances":[{"x":${deep}}]}`],
  ['EdgeBoard', '/api/model/service/base64?mid=1', deep => `{"image":${deep}}`],
]

describe('a body that is nested without end', () => {
  it.each(DEEP)('is the fault of its client: %s', async (_name, path, body) => {
    const { http, inference } = await serve()
    for (const deep of [lists(200_000), '['.repeat(200_000), objects(100_000)]) {
      expect((await post(http + path, body(deep))).status).toBe(400)
    }
    expect(inference.requests).toEqual([])
  })

  it('ends the session that it came in, and nothing else', async () => {
    const { http } = await serve()
    const { socket, next, closed } = await openRawWebSocket(http)
    socket.send(`{"header":{"status":0},"payload":{"t":{"text":${lists(200_000)}}}}`)
    expect(JSON.parse(await next()).header).toMatchObject({ code: 10163 })
    await closed
    expect((await fetch(`${http}/livez`)).status).toBe(200)
  })
})

const many = (count: number, member: (index: number) => string) =>
  Array.from({ length: count }, (_, i) => member(i)).join()
const wide = many(60_000, index => `"k${index}":1`)

const WIDE: readonly [string, string, string][] = [
  ['ASE, parameters', '/v1/svcName', `{"parameter":{"svcName":{${wide}}},"payload":{"t":{"text":"aGk="}}}`],
  ['ASE, payloads', '/v1/svcName', `{"payload":{${many(30_000, index => `"k${index}":{"text":"aGk="}`)}}}`],
  [
    'OIP',
    '/v2/models/svcName/infer',
    `{"inputs":[${many(20_000, index => `{"name":"${index}","shape":[1],"data":[1]}`)}]}`,
  ],
  ['OpenAI', '/openai/v1/chat/completions', `{"model":"svcName",${wide},"messages":[{"role":"user","content":"x"}]}`],
  ['MindSpore', '/model/svcName:predict', `{"instances":[{${wide}}]}`],
  ['EdgeBoard', '/api/model/service/base64?mid=1', `{"image":"aGk=",${wide}}`],
]

describe('a body of more fields than anybody needs', () => {
  it.each(WIDE)('is the fault of its client: %s', async (_name, path, body) => {
    const { http, inference } = await serve()
    const answer = await post(http + path, body)
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('more than 50000 fields') })
    expect(inference.requests).toEqual([])
  })
})

describe('a body of more objects than anybody needs', () => {
  it.each(DEEP)('is the fault of its client, although none has a member: %s', async (_name, path, body) => {
    const { http, inference } = await serve()
    const answer = await post(http + path, body(`[${'{},'.repeat(60_000)}{}]`))
    expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('more than 50000 objects') })
    expect(inference.requests).toEqual([])
  })
})

describe('a number of more digits than any type holds', () => {
  const digits = '9'.repeat(4_000_000)

  it.each([
    ['OIP', '/v2/models/svcName/infer', `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":[${digits}]}]}`],
    [
      'OIP, in a text',
      '/v2/models/svcName/infer',
      `{"inputs":[{"name":"x","datatype":"INT64","shape":[1],"data":["${digits}"]}]}`,
    ],
    [
      'OIP, a size',
      '/v2/models/svcName/infer',
      `{"inputs":[{"name":"x","datatype":"INT64","shape":[${digits}],"data":[1]}]}`,
    ],
    ['MindSpore', '/model/svcName:predict', `{"instances":[${digits}]}`],
  ])('is refused before it is reckoned with, and not repeated: %s', async (_name, path, body) => {
    const { http, inference } = await serve()
    const answer = await post(http + path, body)
    expect(answer.status).toBe(400)
    expect(answer.text.length).toBeLessThan(3000)
    expect(inference.requests).toEqual([])
  })
})

it('keys that JavaScript has a use for are keys like others', async () => {
  const { http, inference } = await serve()
  const poison = '"__proto__":{"polluted":"1"},"constructor":{"prototype":{"polluted":"1"}}'
  const input = '{"name":"x","datatype":"BYTES","shape":[1],"data":["a"],"__proto__":{"polluted":true}}'
  const bodies = [
    [
      '/v1/svcName',
      `{${poison},"header":{${poison}},"parameter":{${poison}},"payload":{"t":{"text":"aGk=",${poison}}}}`,
    ],
    ['/v2/models/svcName/infer', `{${poison},"inputs":[${input}]}`],
    ['/v2/models/svcName/infer', `{"id":12345678901234567890,${poison},"inputs":[${input}]}`],
    [
      '/openai/v1/chat/completions',
      `{"model":"svcName",${poison},"messages":[{"role":"user","content":"x",${poison}}]}`,
    ],
    ['/model/svcName:predict', `{"instances":[{"x":1}],${poison}}`],
    ['/api/model/service/base64?mid=1', `{"image":"aGk=",${poison}}`],
  ] as const
  for (const [path, body] of bodies) expect([200, 400, 502]).toContain((await post(http + path, body)).status)
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  for (const { parameters } of inference.requests) expect(Object.getPrototypeOf(parameters)).toBe(Object.prototype)
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect((await post(`${http}/v2/models/${name}/infer`, '{"inputs":[]}')).status).toBe(404)
    expect((await post(`${http}/v1/${name}`, '{"payload":{"t":{"text":"aGk="}}}')).status).toBe(404)
    expect((await post(`${http}/model/${name}:predict`, '{"instances":[{"x":1}]}')).status).toBe(404)
  }
})

it('bytes that are no UTF-8, and what inflates to more than a body may be, are refused', async () => {
  const { http, inference } = await serve()
  const broken = Buffer.from(
    '{"payload":{"t":{"text":"\xff"}},"inputs":[],"messages":[],"instances":[],"image":""}',
    'latin1',
  )
  for (const [, path] of DEEP) {
    const answer = await fetch(http + path, { method: 'POST', body: broken })
    expect([path, answer.status]).toEqual([path, 400])
  }
  const bomb = gzipSync(Buffer.alloc(32 << 20))
  const headers = { 'content-encoding': 'gzip' }
  const answer = await fetch(`${http}/v2/models/svcName/infer`, { method: 'POST', headers, body: bomb })
  expect(answer.status).toBe(413)
  expect(inference.requests).toEqual([])
})

/** What comes back over a connection of its own for these bytes; the answers' first lines, and the last body. */
async function raw(http: string, bytes: string) {
  const socket = connect(Number(new URL(http).port), '127.0.0.1')
  socket.on('error', () => {})
  socket.write(bytes)
  const answer = await text(socket)
  return { statuses: [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status)), answer }
}

describe('a request that two servers could read in two ways', () => {
  const body = '{"payload":{"t":{"text":"aGk="}}}'
  const smuggled = '0\r\n\r\nGET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'

  it.each([
    ['two lengths', `Content-Length: ${body.length}\r\nContent-Length: 3\r\n\r\n${body}`],
    ['two equal lengths', `Content-Length: ${body.length}\r\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['a length and chunks', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n${smuggled}`],
    ['chunks and something else', `Transfer-Encoding: chunked, identity\r\n\r\n${smuggled}`],
    ['an unknown encoding', `Transfer-Encoding: xchunked\r\n\r\n${smuggled}`],
    ['a space before the colon', `Transfer-Encoding : chunked\r\n\r\n${smuggled}`],
    ['a folded header', `X: y\r\n Transfer-Encoding: chunked\r\n\r\n${smuggled}`],
    ['a bare line feed', `X: y\nContent-Length: ${body.length}\r\n\r\n${body}`],
    ['a bare carriage return', `X: y\rContent-Length: ${body.length}\r\n\r\n${body}`],
    ['NUL in a header', `X: y\0z\r\n\r\n`],
    ['a length below zero', `Content-Length: -1\r\n\r\n`],
    ['a length with a sign', `Content-Length: +5\r\n\r\n12345`],
    [
      'endless words after the size of a chunk',
      `Transfer-Encoding: chunked\r\n\r\n1;${'x'.repeat(20_000)}\r\na\r\n0\r\n\r\n`,
    ],
  ])('is refused, and nothing behind it is read: %s', async (_what, rest) => {
    const { http, inference } = await serve()
    const { statuses } = await raw(http, `POST /v1/svcName HTTP/1.1\r\nHost: x\r\n${rest}`)
    expect(statuses).toHaveLength(1)
    expect(statuses[0]).toBeGreaterThanOrEqual(400)
    expect(statuses[0]).toBeLessThan(500)
    expect(inference.requests).toEqual([])
  })
})

describe('a path that leads out of its folder', () => {
  it.each([
    '/swagger/../../../../etc/passwd',
    '/swagger/..%2f..%2f..%2f..%2fetc%2fpasswd',
    '/swagger/static/../../../../package.json',
    '/swagger/static/%2e%2e/%2e%2e/package.json',
    '/swagger/static/..%5c..%5cpackage.json',
    '/swagger/static/....//....//package.json',
    '/swagger/static//etc/passwd',
    '/swagger/static/index.html%00.js',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/etc/passwd',
    '/%00',
    '/%zz',
  ])('is a path that there is not: %s', async path => {
    const { http, lines } = await serve()
    const { statuses, answer } = await raw(http, `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    expect(statuses).toEqual([404])
    expect(answer).not.toMatch(/root:|"dependencies"|node_modules/)
    expect(lines.filter(line => JSON.parse(line).level >= 50)).toEqual([])
  })
})

describe('what a client writes', () => {
  const EVIL = 'x\r\nset-cookie: a=b\r\n\u001b[31m{"level":60,"msg":"forged"}\u2028'

  it('makes no header of an answer, and no second line of the log', async () => {
    const { http, lines } = await serve()
    const inPath = encodeURIComponent(EVIL)
    const body = JSON.stringify({
      ...{
        model: EVIL,
        messages: [{ role: EVIL }],
        inputs: [{ name: EVIL }],
        image: EVIL,
        instances: [{ [EVIL]: {} }],
      },
      ...{ header: { app_id: EVIL, sid: EVIL }, payload: { [EVIL]: { text: '?' } } },
    })
    const paths = [
      ...DEEP.map(([, path]) => path),
      `/v1/${inPath}`,
      `/v2/models/${inPath}/infer`,
      `/${inPath}`,
      `/model/${inPath}:predict`,
    ]
    for (const path of paths) {
      const headers = { 'x-priority': '10', 'x-request-timeout-ms': encodeURI(EVIL) }
      for (const init of [{}, { headers }]) {
        const answer = await fetch(http + path, { method: 'POST', body, ...init })
        await answer.text()
        expect(answer.headers.has('set-cookie')).toBe(false)
      }
    }
    expect(lines.length).toBeGreaterThanOrEqual(paths.length)
    for (const line of lines) expect(line.slice(0, -1)).not.toMatch(/[\u0000-\u001f]/)
  })

  it('fills the log and the answer only so far', async () => {
    const { http, lines } = await serve()
    const answer = await post(
      `${http}/openai/v1/chat/completions`,
      JSON.stringify({ model: 'svcName', messages: [{ role: 'x'.repeat(1 << 20) }] }),
    )
    expect(answer.text.length).toBeLessThan(3000)
    expect(lines.join('').length).toBeLessThan(20_000)
  })
})

it('a request of more instances than anybody means is refused as a whole', async () => {
  const { http, inference } = await serve()
  const instances = Array.from({ length: 10_001 }, () => ({ x: 1 }))
  const answer = await post(`${http}/model/svcName:predict`, JSON.stringify({ instances }))
  expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('allowed are 10000') })
  expect(inference.requests).toEqual([])
})

describe('a client that takes its time', () => {
  it('for the head of a request is cut off with 408', async () => {
    const log = pino({ level: 'silent' })
    const server = createHttpServer({ bodyLimitBytes: 1000, corsOrigins: [], headersTimeoutMs: 100, log })
    server.get('/', async () => 'ok')
    await server.listen({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => server.close())
    const { port } = server.server.address() as { port: number }
    const silent = connect(port, '127.0.0.1')
    const slow = connect(port, '127.0.0.1')
    await once(slow, 'connect')
    slow.write('GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ')
    expect(await text(slow)).toMatch(/^HTTP\/1\.1 408 /)
    expect(await text(silent)).toMatch(/^(HTTP\/1\.1 408 |$)/)
  })

  it('and sends more headers than anybody needs is refused with 431', async () => {
    const { http } = await serve()
    const socket = connect(Number(new URL(http).port), '127.0.0.1')
    socket.write(`GET /livez HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`)
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 431 /)
  })
})
