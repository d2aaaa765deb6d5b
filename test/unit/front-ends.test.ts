import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../src/core/error.js'
import type { RequestContext } from '../../src/core/inference.js'
import type { ProtoGrpcType as InferenceProto } from '../../src/gen/gateway/aiges-v1.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import { CALL_REASONS } from '../../src/protocols/shared/openapi-errors.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { unaryCall } from '../../src/rpc/unary.js'
import { callXsf, postAse, textRequest } from '../helpers/clients.js'
import { openApiFaults } from '../helpers/openapi-faults.js'
import { openRawWebSocket, UpgradeRefused } from '../helpers/scenario-web-socket.js'
import { loadText } from './config/config-file.js'
import { FakeInference, modelInfo } from './protocols/shared/fake-inference.js'
import { startFrontEnds } from './running-front-ends.js'

const LISTEN = '[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"\n'

/** Everything that listens, as a configuration wants it, over a model that always answers `ok`. */
async function serve(protocols: string, inference = new FakeInference([modelInfo('svcName')])) {
  const { config } = loadText(`${LISTEN}[protocols]\n${protocols}`)
  return startFrontEnds({ config, inference })
}

async function documentOf(http: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${http}/openapi.json`)
  return (await response.json()) as Readonly<Record<string, unknown>>
}

/** The answers of every operation, or of those at a path, by status. */
async function responsesOf(http: string, path?: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { paths } = (await documentOf(http)) as { paths: Record<string, Record<string, { responses: object }>> }
  const items = path === undefined ? Object.values(paths) : [paths[path] ?? {}]
  return items.flatMap(item => Object.values(item).map(({ responses }) => responses as Record<string, unknown>))
}

const pathsOf = async (http: string) => Object.keys((await documentOf(http))['paths'] as object)

describe('ASE', () => {
  it('answers below the base path that the configuration says, and is described there', async () => {
    const { http } = await serve('asePath = "/ase"')
    expect((await postAse(`${http}/ase/svcName`, textRequest('x'))).status).toBe(200)
    expect((await postAse(`${http}/v1/svcName`, textRequest('x'))).status).toBe(404)
    expect(await pathsOf(http)).toContain('/ase/svcName')
  })

  it('is not there when it is off, and the rest is', async () => {
    const { http } = await serve('ase = false')
    const answer = await fetch(`${http}/v1/svcName`, { method: 'POST', body: '{}' })
    expect(answer.status).toBe(404)
    expect(await answer.json()).toEqual({ error: 'no such path: /v1/svcName' })
    expect((await fetch(`${http}/test.json`)).status).toBe(404)
    expect((await fetch(`${http}/livez`)).status).toBe(200)
    expect((await fetch(`${http}/swagger/`)).status).toBe(200)
    expect(await pathsOf(http)).not.toContain('/v1/svcName')
    expect((await fetch(`${http}/livez`, { method: 'POST' })).status).toBe(405)
  })
})

describe('OpenAI chat', () => {
  it('answers below the base path that the configuration says, and is described there', async () => {
    const { http } = await serve('openaiPath = "/ai"')
    const models = await fetch(`${http}/ai/models`)
    expect(await models.json()).toEqual({ object: 'list', data: [] })
    expect(await pathsOf(http)).toContain('/ai/chat/completions')
  })

  it('refuses a WebSocket in its own form', async () => {
    const { http } = await serve('')
    const refusal = await openRawWebSocket(http, '/openai/v1/models').catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(UpgradeRefused)
    const { status, body } = refusal as UpgradeRefused
    expect(status).toBe(405)
    expect(JSON.parse(body).error.code).toBe('method_not_allowed')
  })

  it('is not there when it is off', async () => {
    const { http } = await serve('openai = false')
    expect((await fetch(`${http}/openai/v1/models`)).status).toBe(404)
    expect(await pathsOf(http)).not.toContain('/openai/v1/chat/completions')
  })
})

describe('the Open Inference Protocol', () => {
  it('is there over HTTP and gRPC, and is described', async () => {
    const { http, grpc } = await serve('oipPath = "/oip"')
    expect((await fetch(`${http}/oip/models/svcName/ready`)).status).toBe(200)
    expect(await serverLive(grpc)).toEqual({ live: true })
    expect(await pathsOf(http)).toContain('/oip/models/svcName/infer')
  })

  it('is not there when it is off', async () => {
    const { http, grpc } = await serve('oip = false')
    expect((await fetch(`${http}/v2/models/svcName/ready`)).status).toBe(404)
    await expect(serverLive(grpc)).rejects.toMatchObject({ code: 12 })
  })
})

const { GRPCInferenceService } = loadProto<OipProto>('gateway', 'oip.proto').inference

async function serverLive(address: string) {
  const client = createClient(GRPCInferenceService, { address, maxMessageBytes: 1 << 20 })
  try {
    return await unaryCall(client, client.ServerLive, {})
  } finally {
    client.close()
  }
}

const { Inference } = loadProto<InferenceProto>('gateway', 'aiges-v1.proto').aiges.v1

async function exec(address: string) {
  const client = createClient(Inference, { address, maxMessageBytes: 1 << 20 })
  try {
    const data = [{ data_id: 'txt', status: 'END' as const, data: Buffer.from('x') }]
    return await unaryCall(client, client.Exec, { model: 'svcName', data })
  } finally {
    client.close()
  }
}

describe('gRPC services', () => {
  it('are there one without the other', async () => {
    const onlyXsf = await serve('aigesV1 = false')
    await expect(callXsf(onlyXsf.grpc, 'AILBType', {})).resolves.toMatchObject({ code: 0 })
    await expect(exec(onlyXsf.grpc)).rejects.toMatchObject({ code: 12 })
    const onlyAigesV1 = await serve('xsf = false')
    await expect(callXsf(onlyAigesV1.grpc, 'AILBType', {})).rejects.toMatchObject({ code: 12 })
    await expect(exec(onlyAigesV1.grpc)).resolves.toMatchObject({ data: [{ data: Buffer.from('ok') }] })
  })
})

describe('every front-end over HTTP', () => {
  const image = 'aGVsbG8='
  const tensor = { name: 'text', shape: [1], datatype: 'BYTES', data: ['x'] }
  const cases: [string, string, unknown][] = [
    ['ASE', '/v1/svcName', textRequest('x')],
    ['OIP', '/v2/models/svcName/infer', { inputs: [tensor] }],
    ['OpenAI', '/openai/v1/chat/completions', { model: 'svcName', messages: [{ role: 'user', content: 'x' }] }],
    ['MindSpore', '/model/svcName:predict', { instances: [{ text: 'x' }] }],
    ['EdgeBoard', '/api/model/service/base64?mid=1', { image }],
  ]

  it.each(cases)('is described with every status that it answers with: %s', async (_name, path, body) => {
    const inference = new FakeInference([{ ...modelInfo('svcName'), mid: 1 }])
    inference.results = (request, ctx) => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: await inference.answer(request, ctx) }),
      }),
    })
    const { http } = await serve('', inference)
    const [described] = await responsesOf(http, path.replace(/\?.*/, ''))
    const answered = new Set<string>()
    for (const reason of CALL_REASONS.filter(reason => reason !== 'cancelled')) {
      inference.answer = () => {
        throw new ServiceError(reason)
      }
      const { status } = await fetch(http + path, { method: 'POST', body: JSON.stringify(body) })
      answered.add(String(status))
    }
    expect(Object.keys(described ?? {})).toEqual(expect.arrayContaining([...answered]))
  })

  it('is described without an answer that stands for all others', async () => {
    const { config } = loadText(`${LISTEN}[admin]\nenabled = true\ntoken = "0123456789abcdef"`)
    const { http } = await startFrontEnds({ config, inference: new FakeInference([modelInfo('svcName')]) })
    const all = await responsesOf(http)
    expect(all.length).toBeGreaterThan(20)
    for (const responses of all) expect(Object.keys(responses)).toEqual(expect.arrayContaining(['200', '500']))
    for (const responses of all) expect(responses).not.toHaveProperty('default')
  })

  it.each(cases)('hands on how urgent a request is, and refuses what it cannot read: %s', async (_name, path, body) => {
    const seen: RequestContext[] = []
    const inference = new FakeInference([{ ...modelInfo('svcName'), mid: 1 }], (_request, ctx) => {
      seen.push(ctx)
      throw new ServiceError('no_slot', 'full', { retryAfterMs: 2500 })
    })
    inference.results = (request, ctx) => ({
      [Symbol.asyncIterator]: () => ({
        next: async () => ({ done: false, value: await inference.answer(request, ctx) }),
      }),
    })
    const { http } = await serve('', inference)
    const post = (headers: Record<string, string>) => {
      const init = { method: 'POST', headers: { 'content-type': 'application/json', ...headers } }
      return fetch(`${http}${path}`, { ...init, body: JSON.stringify(body) })
    }
    const before = performance.now()
    const full = await post({ 'x-priority': '8', 'x-request-timeout-ms': '7000' })
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '3'])
    expect(seen).toMatchObject([{ priority: 8 }])
    const allowed = Number(seen[0]?.deadline) - before
    expect(allowed).toBeGreaterThanOrEqual(7000)
    expect(allowed).toBeLessThan(7000 + performance.now() - before)
    for (const wrong of [{ 'x-priority': '10' }, { 'x-request-timeout-ms': '0' }, { 'x-request-timeout-ms': 'soon' }]) {
      const refused = await post(wrong as unknown as Record<string, string>)
      expect(refused.status).toBe(400)
      expect(await refused.text()).toContain('allowed: an integer from')
    }
    expect(seen).toHaveLength(1)
  })
})

it('the document of all front-ends keeps to OpenAPI 3.0', async () => {
  const { http } = await serve('[admin]\nenabled = true\ntoken = "0123456789abcdef"')
  expect(await openApiFaults(await documentOf(http))).toEqual([])
})
