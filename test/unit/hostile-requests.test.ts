import { once } from 'node:events'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
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
  const { http } = await startFrontEnds({ config, inference })
  return { http, inference }
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

it('a request of more instances than anybody means is refused as a whole', async () => {
  const { http, inference } = await serve()
  const instances = Array.from({ length: 10_001 }, () => ({ x: 1 }))
  const answer = await post(`${http}/model/svcName:predict`, JSON.stringify({ instances }))
  expect(answer).toMatchObject({ status: 400, text: expect.stringContaining('allowed are 10000') })
  expect(inference.requests).toEqual([])
})

describe('a fault in the daemon itself', () => {
  const BODIES: readonly [string, string, string][] = [
    ['ASE', '/v1/svcName', '{"payload":{"t":{"text":"aGk="}}}'],
    ['OIP', '/v2/models/svcName/infer', '{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":["a"]}]}'],
    ['OpenAI', '/openai/v1/chat/completions', '{"model":"svcName","messages":[{"role":"user","content":"x"}]}'],
    ['MindSpore', '/model/svcName:predict', '{"instances":[{"x":"a"}]}'],
    ['EdgeBoard', '/api/model/service/base64?mid=1', '{"image":"aGk="}'],
  ]

  it.each(BODIES)('tells clients of %s nothing of its insides', async (_name, path, body) => {
    const { http, inference } = await serve()
    let reached = 0
    const fault = () => {
      reached++
      throw new Error("ENOENT: /srv/models/private.onnx on host-17, password 'hunter2'")
    }
    inference.answer = fault
    // biome-ignore lint/correctness/useYield: it fails before the first result
    inference.results = async function* () {
      fault()
    }
    const answer = await post(http + path, body)
    expect(reached).toBe(1)
    expect(answer.text).not.toMatch(/ENOENT|private|host-17|hunter2|\.ts:|\.js:| at /)
    expect(answer.text).not.toBe('')
  })
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
