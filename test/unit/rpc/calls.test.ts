import { createServer } from 'node:net'
import { type handleUnaryCall, status } from '@grpc/grpc-js'
import { afterEach, expect, test } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import type { ReqData__Output } from '../../../src/gen/gateway/utils/ReqData.js'
import type { ResData } from '../../../src/gen/gateway/utils/ResData.js'
import type { XsfCallClient } from '../../../src/gen/gateway/utils/XsfCall.js'
import type { ProtoGrpcType } from '../../../src/gen/gateway/xsf.js'
import { createClient } from '../../../src/rpc/channel.js'
import { loadProto } from '../../../src/rpc/proto.js'
import { createRpcServer, formatAddress, type RpcServer } from '../../../src/rpc/server.js'
import { rpcErrorOf, unaryCall } from '../../../src/rpc/unary.js'
import { deferred } from './deferred.js'

const MIB = 1 << 20
const { XsfCall } = loadProto<ProtoGrpcType>('gateway', 'xsf.proto').utils
const cleanups: (() => unknown)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

type Handler = handleUnaryCall<ReqData__Output, ResData>

async function serve(handler: Handler, maxMessageBytes = MIB): Promise<{ server: RpcServer; client: XsfCallClient }> {
  const server = createRpcServer({ host: '127.0.0.1', port: 0, maxMessageBytes, portKey: '[svc] port' })
  server.addService(XsfCall.service, { call: handler })
  const { host, port } = await server.start()
  const client = createClient(XsfCall, { address: formatAddress(host, port), maxMessageBytes: 8 * MIB })
  cleanups.push(
    () => server.stop(0),
    () => client.close(),
  )
  return { server, client }
}

/** A handler that never answers, and promises for its beginning and its cancellation. */
function hangingHandler() {
  const begun = deferred()
  const cancelled = deferred()
  const handler: Handler = call => {
    call.on('cancelled', () => cancelled.resolve())
    begun.resolve()
  }
  return { handler, begun: begun.promise, cancelled: cancelled.promise }
}

test('a unary call resolves with the decoded response', async () => {
  const { client } = await serve((call, callback) => callback(null, { error_info: `got ${call.request.op}` }))
  const response = await unaryCall(client, client.call, { op: 'AIIn' }, { deadline: performance.now() + 5000 })
  expect(response).toMatchObject({ code: 0, error_info: 'got AIIn', data: [] })
})

test('aborting the signal rejects with its reason and cancels the call at the server', async () => {
  const { handler, begun, cancelled } = hangingHandler()
  const { client } = await serve(handler)
  const controller = new AbortController()
  const response = unaryCall(client, client.call, { op: 'AIIn' }, { signal: controller.signal })
  await begun
  const reason = new ServiceError('cancelled')
  controller.abort(reason)
  await expect(response).rejects.toBe(reason)
  await cancelled
})

test('a signal that was aborted before the call rejects without calling', async () => {
  let calls = 0
  const { client } = await serve((_call, callback) => {
    calls += 1
    callback(null, {})
  })
  const reason = new ServiceError('cancelled')
  await expect(unaryCall(client, client.call, {}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
  await unaryCall(client, client.call, {})
  expect(calls).toBe(1)
})

test('a deadline that passes ends the call with DEADLINE_EXCEEDED', async () => {
  const { client } = await serve(hangingHandler().handler)
  const error = await unaryCall(client, client.call, {}, { deadline: performance.now() + 50 }).catch(rpcErrorOf)
  expect(error).toMatchObject({ code: status.DEADLINE_EXCEEDED })
})

test('a message past the limit of the receiver ends with RESOURCE_EXHAUSTED, and one below it arrives', async () => {
  const { client } = await serve((call, callback) => callback(null, { data: call.request.data }))
  const send = (bytes: number) => unaryCall(client, client.call, { data: [{ data: Buffer.alloc(bytes) }] })
  expect((await send(MIB - 100)).data[0]?.data).toHaveLength(MIB - 100)
  expect(await send(MIB + 1).catch(rpcErrorOf)).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
})

test('what is no gRPC error is not taken for one', () => {
  expect(rpcErrorOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBeUndefined()
  expect(rpcErrorOf(new ServiceError('internal'))).toBeUndefined()
  expect(rpcErrorOf('x')).toBeUndefined()
})

test('a port that is in use is a misconfiguration that names its key', async () => {
  const occupant = createServer()
  const port = await new Promise<number>(resolve => {
    occupant.listen(0, '127.0.0.1', () => resolve((occupant.address() as { port: number }).port))
  })
  cleanups.push(() => new Promise(resolve => occupant.close(resolve)))
  const server = createRpcServer({ host: '127.0.0.1', port, maxMessageBytes: MIB, portKey: '[svc] port' })
  await expect(server.start()).rejects.toMatchObject({
    reason: 'misconfigured',
    message: `[svc] port: 127.0.0.1:${port} is in use by another process; choose another port, or 0 for a free one`,
  })
})

test('stopping lets a call in flight end', async () => {
  const begun = deferred()
  const answer = deferred()
  const { server, client } = await serve(async (_call, callback) => {
    begun.resolve()
    await answer.promise
    callback(null, { code: 7 })
  })
  const response = unaryCall(client, client.call, {})
  await begun.promise
  const stopped = server.stop(10_000)
  answer.resolve()
  expect(await response).toMatchObject({ code: 7 })
  await stopped
})

test('stopping cuts off a call that outlives the grace period', async () => {
  const { handler, begun } = hangingHandler()
  const { server, client } = await serve(handler)
  const response = unaryCall(client, client.call, {}).catch(rpcErrorOf)
  await begun
  await server.stop(20)
  expect(await response).toBeDefined()
})

test('an IPv6 address is written with brackets', () => {
  expect(formatAddress('::', 5090)).toBe('[::]:5090')
  expect(formatAddress('0.0.0.0', 5090)).toBe('0.0.0.0:5090')
})
