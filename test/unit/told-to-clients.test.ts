import { homedir, hostname, tmpdir, userInfo } from 'node:os'
import type { Metadata, ServiceError as RpcError } from '@grpc/grpc-js'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { ServiceError } from '../../src/core/error.js'
import { Status } from '../../src/core/payload.js'
import type { ProtoGrpcType as InferenceProto } from '../../src/gen/gateway/aiges-v1.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { LocalInferenceService } from '../../src/session/inference-service.js'
import { ModelRegistry } from '../../src/session/registry.js'
import { ServedModels } from '../../src/session/served-models.js'
import { callXsf, textRequest } from '../helpers/clients.js'
import type { StartMode } from '../helpers/fault-plugin.js'
import { modelInfoOf } from '../helpers/model-info.js'
import { openRawWebSocket } from '../helpers/scenario-web-socket.js'
import { loadText } from './config/config-file.js'
import { faultSet } from './plugin/fault-set.js'
import { FakeInference, textOutput } from './protocols/shared/fake-inference.js'
import { IDLE_ADMIN, startFrontEnds } from './running-front-ends.js'
import { OPTIONS } from './session/managed-backend.js'

const { Inference } = loadProto<InferenceProto>('gateway', 'aiges-v1.proto').aiges.v1
const { GRPCInferenceService } = loadProto<OipProto>('gateway', 'oip.proto').inference

const TOKEN = 'the-token-of-admin'
const CONFIG = `[svcName]
host = "127.0.0.1"
port = 0
http_listen = "127.0.0.1:0"
[admin]
enabled = true
token = "${TOKEN}"
`

interface Place {
  readonly http: string
  readonly grpc: string
}

/** Everything that an answer says: status, headers and body. */
async function fetched(url: string, init: RequestInit = {}): Promise<string> {
  const response = await fetch(url, init)
  return [response.status, ...[...response.headers].map(header => header.join(': ')), await response.text()].join('\n')
}

const post = (path: string, body: object, headers = {}) => {
  return ({ http }: Place) => fetched(http + path, { method: 'POST', body: JSON.stringify(body), headers })
}
const get = (path: string, headers = {}) => {
  return ({ http }: Place) => fetched(http + path, { headers })
}

/** All that a caller learns of a call that fails, and the answers that it had before. */
async function rpc<Client extends { close(): void }>(
  client: Client,
  run: (client: Client, done: (error: RpcError | null, answer?: object) => void) => AsyncIterable<object> | undefined,
): Promise<string> {
  const said: unknown[] = []
  try {
    await new Promise<void>((resolve, reject) => {
      const stream = run(client, (error, answer) => {
        said.push(answer)
        if (error) reject(error)
        else resolve()
      })
      if (stream === undefined) return
      const read = async () => {
        for await (const answer of stream) said.push(answer)
      }
      read().then(resolve, reject)
    })
  } catch (thrown) {
    const { code, details, metadata } = thrown as RpcError & { metadata: Metadata }
    said.push(code, details, metadata.toJSON())
  } finally {
    client.close()
  }
  return JSON.stringify(said)
}

/** A unary call says all that there is to its callback. */
const unary = (_call: object) => undefined

const inferenceClient = ({ grpc }: Place) => createClient(Inference, { address: grpc, maxMessageBytes: 1 << 20 })
const oipClient = ({ grpc }: Place) => createClient(GRPCInferenceService, { address: grpc, maxMessageBytes: 1 << 20 })

const DATA = { model: 'svcName', data: [{ data_id: 'text', status: 'END' as const, data: Buffer.from('x') }] }
const TENSOR = { name: 'text', datatype: 'BYTES', shape: [1] }
const INFER = { model_name: 'svcName', inputs: [{ ...TENSOR, contents: { bytes_contents: [Buffer.from('x')] } }] }
const LOADER = { serviceId: 'svcName', pl: [{ meta: { name: 'text' }, data: Buffer.from('x') }] }
const CHAT = { model: 'svcName', messages: [{ role: 'user', content: 'x' }] }
const admin = { authorization: `Bearer ${TOKEN}` }

async function overWebSocket({ http }: Place): Promise<string> {
  const { socket, closed, untaken } = await openRawWebSocket(http)
  socket.send(JSON.stringify({ ...textRequest('x'), header: { appid: 'x', status: 0 } }))
  return JSON.stringify([await closed, untaken])
}

async function overXsf({ grpc }: Place, state: 'ONCE' | 'STREAM'): Promise<string> {
  const { output, ...answer } = await callXsf(grpc, 'AIIn', { SeqNo: '1', waitTime: '3000' }, { ...LOADER, state })
  return JSON.stringify([output, answer])
}

/** Every way to ask a model something. */
const REQUESTS: readonly [string, (place: Place) => Promise<string>][] = [
  ['ASE', post('/v1/svcName', textRequest('x'))],
  ['ASE, results as they come', post('/v1/svcName', textRequest('x'), { accept: 'text/event-stream' })],
  ['ASE, a WebSocket', overWebSocket],
  ['OIP', post('/v2/models/svcName/infer', { inputs: [{ ...TENSOR, data: ['x'] }] })],
  ['OpenAI', post('/openai/v1/chat/completions', CHAT)],
  ['OpenAI, as it comes', post('/openai/v1/chat/completions', { ...CHAT, stream: true })],
  ['MindSpore', post('/model/svcName:predict', { instances: [{ text: 'x' }] })],
  ['EdgeBoard', post('/api/model/service/base64?mid=1', { image: 'aGk=' })],
  ['aiges.v1 Exec', place => rpc(inferenceClient(place), (client, done) => unary(client.Exec(DATA, done)))],
  ['aiges.v1 ExecStream', place => rpc(inferenceClient(place), client => client.ExecStream(DATA))],
  [
    'aiges.v1 Stream',
    place =>
      rpc(inferenceClient(place), client => {
        const stream = client.Stream()
        stream.end(DATA)
        return stream
      }),
  ],
  ['OIP over gRPC', place => rpc(oipClient(place), (client, done) => unary(client.ModelInfer(INFER, done)))],
  [
    'OIP over gRPC, a stream',
    place =>
      rpc(oipClient(place), client => {
        const stream = client.ModelStreamInfer()
        stream.end(INFER)
        return stream
      }),
  ],
  ['XsfCall', place => overXsf(place, 'ONCE')],
  ['XsfCall, a session', place => overXsf(place, 'STREAM')],
]

/** What asks about models. */
const QUESTIONS: readonly [string, (place: Place) => Promise<string>][] = [
  ['/readyz', get('/readyz')],
  ['/openapi.json', get('/openapi.json')],
  ['/test.json', get('/test.json')],
  ['OIP, a model', get('/v2/models/svcName')],
  ['OIP, the repository', post('/v2/repository/index', {})],
  ['OpenAI, the models', get('/openai/v1/models')],
  ['MindSpore, a model', get('/model/svcName')],
  [
    'OIP over gRPC, a model',
    place => rpc(oipClient(place), (client, done) => unary(client.ModelMetadata({ name: 'svcName' }, done))),
  ],
  [
    'OIP over gRPC, the repository',
    place => rpc(oipClient(place), (client, done) => unary(client.RepositoryIndex({}, done))),
  ],
]

/** What changes models; those who may are told why it failed. */
const CHANGES: readonly [string, (place: Place) => Promise<string>][] = [
  ['the admin API, a list', get('/admin/models', admin)],
  ['the admin API, slots', post('/admin/models/svcName/slots', { slots: 2 }, admin)],
  ['the admin API, load', post('/admin/models/svcName/load', {}, admin)],
  ['OIP, load', post('/v2/repository/models/svcName/load', {}, admin)],
]

describe('a fault in the daemon itself', () => {
  const FAULT = "ENOENT: /srv/models/private.onnx on host-17, password 'hunter2'"

  /** Everything that listens, over a core in which everything fails that is not asked before it serves. */
  async function serve() {
    const abilities = { once: true, streamingOutput: true, sessions: true, chat: true, resources: true }
    const model = modelInfoOf('svcName', { mid: 1, abilities })
    const inference = new FakeInference([model])
    const lines: string[] = []
    const log = pino({ level: 'trace' }, { write: line => void lines.push(line) })
    const fault = () => {
      throw new Error(FAULT)
    }
    const changes = { setSlots: fault, load: fault, unload: fault, reload: fault }
    const { config } = loadText(CONFIG)
    const place = await startFrontEnds({ config, inference, log, admin: { ...IDLE_ADMIN, ...changes } })
    return { place, inference, lines, fault }
  }

  function checkText(answer: string): void {
    expect(answer).not.toMatch(/ENOENT|private|host-17|hunter2|\.[tj]s:\d| at /)
    expect(answer).toMatch(/internal error|"reason":"internal"|refused with 500/)
  }

  function check(answer: string, lines: readonly string[]): void {
    checkText(answer)
    const told = lines.map(line => JSON.parse(line)).filter(({ err }) => err?.message === FAULT)
    expect(told).toHaveLength(1)
    expect(told[0]).toMatchObject({ level: 50, reason: 'internal' })
    expect(told[0].sid ?? told[0].handle).toMatch(/./)
  }

  it.each(REQUESTS)('is told with a fixed text, and its cause is in the log once: %s', async (_name, ask) => {
    const { place, inference, lines, fault } = await serve()
    inference.answer = fault
    inference.opened = fault
    // biome-ignore lint/correctness/useYield: it fails before the first result
    inference.results = async function* () {
      fault()
    }
    check(await ask(place), lines)
  })

  it.each(REQUESTS.filter(([name]) => /come|Stream|stream|WebSocket/.test(name)))(
    'is told so after the first result, too: %s',
    async (_name, ask) => {
      const { place, inference, lines, fault } = await serve()
      inference.results = async function* () {
        yield { status: Status.begin, payloads: [{ ...textOutput('ok'), key: 'content' }] }
        fault()
      }
      inference.opened = session => {
        session.close = () => {}
        session.give(Status.begin, textOutput('ok'))
        session.fail(new Error(FAULT) as ServiceError)
      }
      check(await ask(place), lines)
    },
  )

  it.each([...QUESTIONS, ...CHANGES])('is told so who asks about models: %s', async (_name, ask) => {
    const { place, inference, lines, fault } = await serve()
    const { models, model } = inference
    // Then it is over, so that the error finds its way.
    const strike = () => {
      Object.assign(inference, { models, model })
      return fault()
    }
    Object.assign(inference, { models: strike, model: strike })
    check(await ask(place), lines)
  })

  it.each([...REQUESTS.slice(0, 8), ...QUESTIONS.slice(0, 7)])(
    'that keeps its answer from being rendered is told so: %s',
    async (_name, ask) => {
      const { place, inference, fault } = await serve()
      const { models } = inference
      Object.assign(inference, { answer: fault, results: fault, opened: fault, models: fault, model: fault })
      const told = await ask(place).catch(String)
      // Whoever stops the server asks for them, too.
      Object.assign(inference, { models })
      checkText(told)
    },
  )
})

/** What stands in the log alone: folders, names and numbers of this machine, the lines of a stack. */
const PLACES = [process.cwd(), process.execPath, homedir(), tmpdir(), 'aiservice-', 'node_modules']
const WORDS = [hostname(), userInfo().username, `${process.pid}`].map(word => new RegExp(`\\b${word}\\b`))

function checkPrivacy(told: string): void {
  for (const place of PLACES) expect(told).not.toContain(place)
  for (const word of [...WORDS, /\.[tj]s:\d/, /(\n|\\n) +at /]) expect(told).not.toMatch(word)
}

/** Everything that listens, over a model with the misbehaving plugin. */
async function servePlugin(mode: StartMode, shell?: string) {
  const registry = new ModelRegistry()
  const models = new ServedModels([{ options: { ...OPTIONS, name: 'svcName', mid: 1 }, plugin: mode, load: true }], {
    ...{ registry, drainTimeoutMs: 0, stopGraceMs: 0, log: pino({ level: 'silent' }) },
    createBackend: async () => faultSet(mode, { startTimeoutMs: 5000, ...(shell !== undefined && { shell }) }),
    ...{ onChange: () => {}, onAdded: () => () => {}, onLoadFailed: () => {} },
  })
  onTestFinished(() => models.stop(0))
  const { config } = loadText(CONFIG)
  const place = await startFrontEnds({ config, inference: new LocalInferenceService(registry), admin: models })
  return { place, started: models.start() }
}

async function everythingTold(place: Place): Promise<readonly string[]> {
  return Promise.all([...QUESTIONS, ...REQUESTS].map(async ([name, ask]) => `${name}: ${await ask(place)}`))
}

describe('a plugin that does not start', () => {
  it.each<[StartMode, string | undefined]>([
    ['exit-before-line', undefined],
    ['wrong-core-version', undefined],
    ['init-error', undefined],
    ['exit-in-init', undefined],
    ['tls-unasked', undefined],
    ['well-behaved', `exec ${process.cwd()}/no-such-program`],
    ['well-behaved', `echo '1|2|unix|${tmpdir()}/aiservice-x/no.sock|grpc'; exec sleep 60`],
    ['well-behaved', `echo '1|2|unix|${tmpdir()}/a b|grpc'; exec sleep 60`],
    ['well-behaved', `echo 'at Object.<anonymous> (${process.cwd()}/x.js:1:2)' >&2; exit 3`],
  ])('tells its clients why, and nothing of this machine: %s %s', async (mode, shell) => {
    const { place, started } = await servePlugin(mode, shell)
    await expect(started).rejects.toThrow()
    const why = /"why":"(crash loop: )?the plugin did not start: [^"]{10}/
    await vi.waitFor(async () => expect(await get('/readyz')(place)).toMatch(why), 10_000)
    for (const told of await everythingTold(place)) checkPrivacy(told)
  })
})

describe('a plugin that fails at work', () => {
  it.each(['crash', 'error-ret', 'rpc-error', 'hang'])('tells its clients nothing of this machine: %s', async fault => {
    const { place, started } = await servePlugin('well-behaved')
    await started
    const told = await post(
      '/v1/svcName',
      { ...textRequest('x'), parameter: { svcName: { fault } } },
      { 'x-request-timeout-ms': '500' },
    )(place)
    expect(told).toMatch(/^(500|502|504)\n/)
    checkPrivacy(told)
  })
})
