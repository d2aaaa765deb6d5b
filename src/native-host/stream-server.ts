import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer, type Socket } from 'node:net'
import type { HostBatch__Output as HostBatch } from '../gen/plugin/aiges/plugin/v2/HostBatch.js'
import type { PluginBatch } from '../gen/plugin/aiges/plugin/v2/PluginBatch.js'
import type { ProtoGrpcType } from '../gen/plugin/wrapper-v2.js'
import { FrameReader, writeFrame } from '../plugin/frame.js'
import { loadProto } from '../rpc/proto.js'
import { listenForStream } from './listen.js'

export interface StreamListener {
  /** The daemon has connected and shown the token. */
  readonly onConnect: (send: (batch: PluginBatch) => void) => void
  readonly onBatch: (batch: HostBatch) => void
  /** The daemon has gone. */
  readonly onEnd: () => void
}

/** The plain socket of plugin protocol 2, on the plugin's side. */
export interface StreamServer {
  /** As in `InitReply.stream`. */
  readonly address: string
  readonly token: Buffer
}

/** Listens for the one connection that carries the requests. Connections that do not begin with the token are closed. */
export async function startStreamServer(folder: string | undefined, listener: StreamListener): Promise<StreamServer> {
  const token = randomBytes(32)
  let taken = false
  const server = createServer(socket => {
    const accept = (first: Buffer) => {
      if (taken || first.length !== token.length || !timingSafeEqual(first, token)) return undefined
      taken = true
      server.close()
      return serveStream(socket, listener)
    }
    readFrames(socket, accept)
  })
  return { address: await listenForStream(server, folder), token }
}

type OnFrame = (frame: Buffer) => void

/** @param accept says from the first frame what becomes of the others; nothing: the connection is closed */
function readFrames(socket: Socket, accept: (first: Buffer) => OnFrame | undefined): void {
  let onFrame: OnFrame | undefined
  const frames = new FrameReader(frame => {
    if (onFrame !== undefined) return onFrame(frame)
    onFrame = accept(frame)
    if (onFrame === undefined) socket.destroy()
  })
  socket.setNoDelay(true)
  socket.on('data', chunk => {
    try {
      frames.push(chunk)
    } catch (error) {
      // Who sends what is no message is not the daemon, or is no use any more.
      socket.destroy(error as Error)
    }
  })
  // Its end is what matters, and is told by `close`.
  socket.on('error', () => {})
}

function serveStream(socket: Socket, { onConnect, onBatch, onEnd }: StreamListener): OnFrame {
  const { HostBatch, PluginBatch } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
  socket.on('close', onEnd)
  onConnect(batch => writeFrame(socket, PluginBatch.serialize(batch as never)))
  return frame => onBatch(HostBatch.deserialize(frame))
}
