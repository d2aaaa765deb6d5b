import { pino } from 'pino'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createFrontEnds } from '../../src/front-ends.js'
import type { ProtoGrpcType as InferenceProto } from '../../src/gen/gateway/aiges-v1.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { unaryCall } from '../../src/rpc/unary.js'
import { createMetrics } from '../../src/telemetry/metrics.js'
import { callXsf, postAse, textRequest } from '../helpers/clients.js'
import { openApiFaults } from '../helpers/openapi-faults.js'
import { openRawWebSocket, UpgradeRefused } from '../helpers/scenario-web-socket.js'
import { loadText } from './config/config-file.js'
import { FakeInference, modelInfo } from './protocols/shared/fake-inference.js'

const unused = async () => {}

const LISTEN = '[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"\n'

/** Everything that listens, as a configuration wants it, over a model that always answers `ok`. */
async function serve(protocols: string) {
  const { config } = loadText(`${LISTEN}[protocols]\n${protocols}`)
  const frontEnds = createFrontEnds({
    config,
    inference: new FakeInference([modelInfo('svcName')]),
    version: '0',
    admin: {
      ...{ setSlots() {}, load: unused, unload: unused, reload: unused },
      ...{ loadResource: async () => '', unloadResource: unused },
    },
    metrics: createMetrics({ version: '0' }),
    log: pino({ level: 'silent' }),
    abortAll() {},
    onReadinessChange: () => () => {},
  })
  const addresses = await frontEnds.listen()
  onTestFinished(() => frontEnds.stop(0))
  return addresses
}

async function documentOf(http: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${http}/openapi.json`)
  return (await response.json()) as Readonly<Record<string, unknown>>
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

it('the document of all front-ends keeps to OpenAPI 3.0', async () => {
  const { http } = await serve('[admin]\nenabled = true\ntoken = "0123456789abcdef"')
  expect(await openApiFaults(await documentOf(http))).toEqual([])
})
