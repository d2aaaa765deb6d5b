import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import koffi from 'koffi'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { ProtoGrpcType } from '../../../src/gen/plugin/wrapper-v2.js'
import { writeFrame } from '../../../src/plugin/frame.js'
import { openSocketBatchStream } from '../../../src/plugin/socket-batch-stream.js'
import { loadProto } from '../../../src/rpc/proto.js'

const TOKEN = Buffer.from('token')
let folder: string
let server: Server | undefined

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'batch-stream-'))
})

afterEach(() => {
  server?.close()
  rmSync(folder, { recursive: true, force: true })
})

/** A peer that reads the token and no more, and the stream to it. */
async function connect() {
  const path = join(folder, 'socket')
  const peer = new Promise<Socket>(resolve => {
    server = createServer({ allowHalfOpen: true }, socket => {
      // Length and token, and then nothing more is taken from the kernel.
      socket.on('readable', () => {
        if (socket.read(4 + TOKEN.length) !== null) resolve(socket.removeAllListeners('readable'))
      })
    })
  })
  await new Promise<void>(resolve => server?.listen(path, resolve))
  let onEnd = (_why: string, _lastUnread: boolean) => {}
  const ended = new Promise<{ why: string; lastUnread: boolean }>(resolve => {
    onEnd = (why, lastUnread) => resolve({ why, lastUnread })
  })
  const started: number[] = []
  const listener = {
    onBatch: (batch: { started: number[] }) => started.push(...batch.started),
    onDrain: () => {},
    onEnd,
  }
  const stream = await openSocketBatchStream({ address: `unix:${path}`, token: TOKEN }, listener)
  return { stream, peer: await peer, started, ended }
}

/** Node itself can shut a socket for writing only. */
function shutForReading(socket: Socket): void {
  const shutdown = koffi.load('libc.so.6').func('int shutdown(int, int)')
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd: number } })._handle
  expect(shutdown(fd, 0)).toBe(0)
}

describe('the stream over a socket', () => {
  it('tells of an ordinary end', async () => {
    const { peer, ended } = await connect()
    peer.destroy()
    expect(await ended).toEqual({ why: 'the plugin ended the stream', lastUnread: false })
  })

  it('tells when its peer is gone without having read the last batch', async () => {
    const { stream, peer, ended } = await connect()
    peer.destroy()
    stream.write({ messages: [{ id: 1, close: {} }] })
    expect(await ended).toMatchObject({ lastUnread: true })
  })

  it('takes what its peer said before it went, although nothing can be written to it any more', async () => {
    const { stream, peer, started, ended } = await connect()
    const { PluginBatch } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
    writeFrame(peer, PluginBatch.serialize({ started: [7] } as never))
    peer.destroy()
    expect(stream.write({ messages: [{ id: 1, close: {} }] })).toBe(false)
    expect(await ended).toEqual({ why: 'the plugin ended the stream', lastUnread: true })
    expect(started).toEqual([7])
  })

  it.runIf(process.platform === 'linux')('ends when its peer keeps it, but will read nothing any more', async () => {
    const { stream, peer, started, ended } = await connect()
    const { PluginBatch } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
    writeFrame(peer, PluginBatch.serialize({ started: [7] } as never))
    shutForReading(peer)
    expect(stream.write({ messages: [{ id: 1, close: {} }] })).toBe(false)
    expect(await ended).toEqual({ why: 'the plugin ended the stream', lastUnread: true })
    expect(started).toEqual([7])
  })
})
