import { type ServiceError as GrpcError, Metadata, status } from '@grpc/grpc-js'
import { describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../src/core/error.js'
import { Status } from '../../src/core/payload.js'
import type { ProtoGrpcType as InferenceProto } from '../../src/gen/gateway/aiges-v1.js'
import type { ProtoGrpcType as LoaderProto } from '../../src/gen/gateway/loader.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import type { ProtoGrpcType as XsfProto } from '../../src/gen/gateway/xsf.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { sign } from '../helpers/signed-request.js'
import { bearer, KEY, LIMITED, OTHER, SECRET, serve, TOKEN } from './authentication-fixture.js'
import { textOutput } from './protocols/shared/fake-inference.js'

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

  it('holds a session against its app until it has failed, although results that came before were not fetched', async () => {
    const { grpc, inference } = await serve()
    inference.opened = session => {
      session.close = () => {}
    }
    const open = (handle: string) => call(grpc, 'AIIn', bearer(LIMITED), { handle, state: 'STREAM' })
    expect((await open('first')).code).toBe(0)
    expect((await open('second')).code).toBe(10116)
    const [session] = inference.sessions
    session?.give(Status.begin, textOutput('unread'))
    session?.fail(new ServiceError('plugin_crashed'))
    await session?.failed
    expect((await open('third')).code).toBe(0)
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
    const { grpc, http } = await serve()
    await expect(exec(grpc, bearer(TOKEN))).resolves.toBeDefined()
    await expect(exec(grpc, {})).rejects.toMatchObject({ code: 16 })
    await expect(exec(grpc, bearer(TOKEN), 'other')).rejects.toMatchObject({ code: 7 })
    const failure = (await exec(grpc, {}).catch((error: unknown) => error)) as { metadata: Metadata }
    expect(failure.metadata.get('aiges-code')).toEqual(['10313'])
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).toMatch(/aiservice_requests_total\{model="svcName",[^}]*"aiges-v1",code="unauthenticated"\} 2/)
  })

  it('refuses what an app sends while it has as much in flight as it may', async () => {
    const { grpc, inference } = await serve()
    const client = createClient(Inference, { address: grpc, maxMessageBytes: 1 << 20 })
    const stream = client.Stream(metadataOf(bearer(LIMITED)))
    stream.on('error', () => {})
    stream.write({ model: 'svcName', data: [{ data_id: 'txt', data: Buffer.from('x') }] })
    await vi.waitFor(() => expect(inference.sessions).toHaveLength(1))
    const failure = (await exec(grpc, bearer(LIMITED)).catch((error: unknown) => error)) as GrpcError
    expect(failure.code).toBe(status.RESOURCE_EXHAUSTED)
    expect(failure.metadata.get('aiges-code')).toEqual(['10116'])
    stream.cancel()
    await vi.waitFor(() => expect(exec(grpc, bearer(LIMITED))).resolves.toBeDefined())
    client.close()
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
