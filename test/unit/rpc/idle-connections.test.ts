import { connectivityState } from '@grpc/grpc-js'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { ProtoGrpcType as HealthProto } from '../../../src/gen/plugin/health.js'
import { createClient } from '../../../src/rpc/channel.js'
import { createRpcGateway } from '../../../src/rpc/gateway.js'
import { loadProto } from '../../../src/rpc/proto.js'
import { unaryCall } from '../../../src/rpc/unary.js'
import { modelInfoOf } from '../../helpers/model-info.js'

const SERVING = 1
const { Health } = loadProto<HealthProto>('plugin', 'health.proto').grpc.health.v1

/** A server that closes connections which have been idle for so long, and what makes clients with one each. */
async function serve(idleTimeoutMs: number) {
  const server = createRpcGateway({
    ...{ host: '127.0.0.1', port: 0, maxMessageBytes: 1 << 20, portKey: 'port', idleTimeoutMs },
    ...{ inference: { models: () => [modelInfoOf('svcName')] }, onReadinessChange: () => () => {} },
  })
  await server.start()
  onTestFinished(() => server.stop(0))
  return () => {
    const client = createClient(Health, { address: server.address, maxMessageBytes: 1 << 20 })
    onTestFinished(() => client.close())
    const check = async () => (await unaryCall(client, client.Check, { service: 'svcName' })).status
    const isConnected = () => client.getChannel().getConnectivityState(false) === connectivityState.READY
    return { client, check, isConnected }
  }
}

test('a connection over which no call goes is closed, one with an open call when that has ended, and both can call again', async () => {
  const connect = await serve(200)
  const watching = connect()
  const idle = connect()
  const watch = watching.client.Watch({ service: 'svcName' })
  const ended = vi.fn()
  watch.on('error', ended).on('end', ended)
  await new Promise(resolve => watch.once('data', resolve))
  // Each is closed later than the connection that watches would have been.
  for (let round = 0; round < 2; round++) {
    expect(await idle.check()).toBe(SERVING)
    expect(idle.isConnected()).toBe(true)
    await vi.waitFor(() => expect(idle.isConnected()).toBe(false), 10_000)
  }
  expect(watching.isConnected()).toBe(true)
  expect(ended).not.toHaveBeenCalled()
  watch.cancel()
  await vi.waitFor(() => expect(watching.isConnected()).toBe(false), 10_000)
  expect(await watching.check()).toBe(SERVING)
})
