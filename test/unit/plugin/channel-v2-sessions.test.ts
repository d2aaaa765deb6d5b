import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { type Payload, Status } from '../../../src/core/payload.js'
import type { HostBatch__Output as HostBatch } from '../../../src/gen/plugin/aiges/plugin/v2/HostBatch.js'
import type { PluginBatch } from '../../../src/gen/plugin/aiges/plugin/v2/PluginBatch.js'
import type { WrapperPluginHandlers } from '../../../src/gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { ProtoGrpcType } from '../../../src/gen/plugin/wrapper-v2.js'
import { ChannelV2 } from '../../../src/plugin/channel-v2.js'
import { loadProto } from '../../../src/rpc/proto.js'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A plugin of protocol 2 that says what the test says, and the daemon's channel to it. */
async function setUp() {
  const batches: HostBatch[] = []
  let stream: ServerDuplexStream<HostBatch, PluginBatch> | undefined
  const handlers: Partial<WrapperPluginHandlers> = {
    Init: (_, reply) => reply(null, { code: 0 }),
    Run: call => {
      stream = call
      call.on('data', batch => batches.push(batch))
    },
  }
  const server = new Server()
  const { WrapperPlugin } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
  server.addService(WrapperPlugin.service, handlers as WrapperPluginHandlers)
  const folder = mkdtempSync(join(tmpdir(), 'channel-v2-'))
  const target = `unix:${join(folder, 'plugin.sock')}`
  await new Promise(resolve => server.bindAsync(target, ServerCredentials.createInsecure(), resolve))
  const ignore = () => {}
  const channel = new ChannelV2({ address: target }, ignore, ignore)
  cleanups.push(() => {
    channel.close(new ServiceError('plugin_crashed'))
    server.forceShutdown()
    rmSync(folder, { recursive: true })
  })
  const init = { config: {}, model: 'm', concurrency: 1, maxBatch: 1, maxBatchDelayMs: 0 }
  await channel.init(init, new AbortController().signal)
  return { channel, batches, say: (batch: PluginBatch) => stream?.write(batch) }
}

const frame = (text: string): readonly Payload[] => [
  { key: 'txt', type: 'text', status: Status.begin, attributes: {}, data: Buffer.from(text) },
]

const call = (text: string) => ({ sid: 's', parameters: {}, deadline: performance.now() + 10_000, first: frame(text) })

describe('a session over plugin protocol 2', () => {
  it('is sent its first frame with its opening, before the plugin has said anything', async () => {
    const { channel, batches, say } = await setUp()
    const session = channel.open(call('first'))
    await vi.waitFor(() => expect(batches).toHaveLength(1))
    const messages = batches[0]?.messages ?? []
    expect(messages.map(({ kind }) => kind)).toEqual(['open', 'write'])
    expect(String(messages[1]?.write?.payloads[0]?.data)).toBe('first')
    say({ started: messages.map(({ id }) => id).slice(0, 1) })
    await session.opened
  })

  it('that the wrapper refuses has its code, although a frame was sent', async () => {
    const { channel, batches, say } = await setUp()
    const session = channel.open(call('first'))
    await vi.waitFor(() => expect(batches).toHaveLength(1))
    say({ results: [{ id: batches[0]?.messages[0]?.id ?? 0, last: true, code: 77 }] })
    await expect(session.opened).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 77 })
  })
})
