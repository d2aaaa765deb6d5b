import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials, type ServerDuplexStream, type sendUnaryData } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { type Payload, Status } from '../../../src/core/payload.js'
import type { Handle } from '../../../src/gen/plugin/aiges/Handle.js'
import type { Request__Output as Request } from '../../../src/gen/plugin/aiges/Request.js'
import type { Response } from '../../../src/gen/plugin/aiges/Response.js'
import type { Ret } from '../../../src/gen/plugin/aiges/Ret.js'
import type { WrapperServiceHandlers } from '../../../src/gen/plugin/aiges/WrapperService.js'
import type { ProtoGrpcType } from '../../../src/gen/plugin/wrapper-v1.js'
import { ChannelV1 } from '../../../src/plugin/channel-v1.js'
import { loadProto } from '../../../src/rpc/proto.js'

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

/** A plugin of protocol 1 whose wrapperCreate replies when the test says so, and the daemon's channel to it. */
async function setUp() {
  const creating: { readonly tag: string; readonly reply: sendUnaryData<Handle> }[] = []
  const destroyed: string[] = []
  const writing: { readonly data: string; readonly reply: sendUnaryData<Ret> }[] = []
  let results: ServerDuplexStream<Request, Response> | undefined
  const handlers: Partial<WrapperServiceHandlers> = {
    communicate: stream => {
      results = stream
    },
    wrapperInit: (_, reply) => reply(null, { ret: 0 }),
    wrapperSchema: (_, reply) => reply(null, { data: '' }),
    wrapperCreate: ({ request }, reply) => {
      creating.push({ tag: request.tag, reply })
    },
    wrapperWrite: ({ request }, reply) => {
      writing.push({ data: String(request.req?.list[0]?.data), reply })
    },
    wrapperDestroy: ({ request }, reply) => {
      destroyed.push(request.handle)
      reply(null, { ret: 0 })
    },
  }
  const server = new Server()
  const { WrapperService } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v1.proto').aiges
  server.addService(WrapperService.service, handlers as WrapperServiceHandlers)
  const folder = mkdtempSync(join(tmpdir(), 'channel-v1-'))
  const target = `unix:${join(folder, 'plugin.sock')}`
  await new Promise(resolve => server.bindAsync(target, ServerCredentials.createInsecure(), resolve))
  const channel = new ChannelV1({ address: target }, () => {})
  cleanups.push(() => {
    channel.close(new ServiceError('plugin_crashed'))
    server.forceShutdown()
    rmSync(folder, { recursive: true })
  })
  await channel.init(
    { config: {}, model: 'm', concurrency: 1, maxBatch: 1, maxBatchDelayMs: 0 },
    new AbortController().signal,
  )
  return {
    channel,
    destroyed,
    writing,
    /** Resolves with the call of wrapperCreate that came as this one of all, from 0. */
    async created(index: number) {
      await vi.waitFor(() => expect(creating.length).toBeGreaterThan(index))
      return creating[index] as (typeof creating)[number]
    },
    give: (tag: string, text: string, status: number, ret = 0) =>
      results?.write({ tag, ret, list: [{ key: 'result', type: 0, status, data: Buffer.from(text) }] }),
  }
}

const open = (channel: ChannelV1, sid: string, first?: readonly Payload[]) =>
  channel.open({ sid, parameters: {}, deadline: performance.now() + 10_000, ...(first && { first }) })

const frame = (text: string): readonly Payload[] => [
  { key: 'txt', type: 'text', status: Status.continue, attributes: {}, data: Buffer.from(text) },
]

const idle = (session: ReturnType<typeof open>) => new Promise<void>(resolve => session.whenIdle(resolve))

describe('a session over plugin protocol 1', () => {
  it('gives what came under its handle before wrapperCreate has replied', async () => {
    const { channel, created, give } = await setUp()
    const [first, second] = [open(channel, 'a'), open(channel, 'b')]
    const [a, b] = [await created(0), await created(1)]
    give('handle of b', 'for b', 2)
    give('handle of a', 'for a', 0)
    // It comes after those, on the same stream.
    give(a.tag, 'later', 1)
    const reader = first.results[Symbol.asyncIterator]()
    expect(textOf((await reader.next()).value)).toBe('later')
    a.reply(null, { handle: 'handle of a' })
    b.reply(null, { handle: 'handle of b' })
    await Promise.all([first.opened, second.opened])
    expect(textOf((await reader.next()).value)).toBe('for a')
    expect(textOf((await second.results[Symbol.asyncIterator]().next()).value)).toBe('for b')
  })

  it('is written its first frame when it was created, and the next when that was taken', async () => {
    const { channel, created, writing } = await setUp()
    const session = open(channel, 'a', frame('first'))
    const { reply } = await created(0)
    expect(writing).toEqual([])
    reply(null, { handle: 'the handle' })
    await session.opened
    const second = session.write(frame('second'))
    await vi.waitFor(() => expect(writing).toHaveLength(1))
    writing[0]?.reply(null, { ret: 0 })
    await vi.waitFor(() => expect(writing.map(({ data }) => data)).toEqual(['first', 'second']))
    writing[1]?.reply(null, { ret: 0 })
    await second
  })

  it('whose first frame is refused ends with the code of the wrapper', async () => {
    const { channel, created, writing, destroyed } = await setUp()
    const session = open(channel, 'a', frame('first'))
    const { reply } = await created(0)
    reply(null, { handle: 'the handle' })
    await vi.waitFor(() => expect(writing).toHaveLength(1))
    writing[0]?.reply(null, { ret: 78 })
    const reader = session.results[Symbol.asyncIterator]()
    await expect(reader.next()).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 78 })
    await idle(session)
    expect(destroyed).toEqual(['the handle'])
  })

  it('that fails before wrapperCreate has replied is destroyed by its handle', async () => {
    const { channel, created, give, destroyed } = await setUp()
    const session = open(channel, 'a')
    const { tag, reply } = await created(0)
    give(tag, '', 2, 100)
    await expect(session.opened).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 100 })
    expect(destroyed).toEqual([])
    reply(null, { handle: 'the handle' })
    await idle(session)
    expect(destroyed).toEqual(['the handle'])
  })

  it('that is given up before wrapperCreate has replied is busy until it was destroyed', async () => {
    const { channel, created, destroyed } = await setUp()
    const session = open(channel, 'a')
    const { reply } = await created(0)
    session.cancel(new ServiceError('result_timeout'))
    await expect(session.opened).rejects.toMatchObject({ reason: 'result_timeout' })
    let isIdle = false
    session.whenIdle(() => {
      isIdle = true
    })
    expect(isIdle).toBe(false)
    reply(null, { handle: 'the handle' })
    await vi.waitFor(() => expect(isIdle).toBe(true))
    expect(destroyed).toEqual(['the handle'])
  })

  it('that the wrapper refuses has its code, gets no frame and is not destroyed', async () => {
    const { channel, created, destroyed, writing } = await setUp()
    const session = open(channel, 'a', frame('first'))
    const { reply } = await created(0)
    reply(null, { handle: '', err_code: 77 })
    await expect(session.opened).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 77 })
    await idle(session)
    expect([destroyed, writing]).toEqual([[], []])
  })
})

function textOf({ payloads }: { readonly payloads: readonly { readonly data: Uint8Array }[] }): string {
  return payloads.map(({ data }) => Buffer.from(data).toString()).join()
}
