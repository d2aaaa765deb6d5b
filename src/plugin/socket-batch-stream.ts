import { connect, type Socket } from 'node:net'
import type { HostBatch } from '../gen/plugin/aiges/plugin/v2/HostBatch.js'
import type { StreamAddress__Output as StreamAddress } from '../gen/plugin/aiges/plugin/v2/StreamAddress.js'
import type { ProtoGrpcType } from '../gen/plugin/wrapper-v2.js'
import { loadProto } from '../rpc/proto.js'
import type { BatchStream, BatchStreamListener } from './batch-stream.js'
import { FrameReader, writeFrame } from './frame.js'

/** How a socket ends whose peer was gone with something still to be read, instead of with an ordinary end. */
const LEFT_UNREAD: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE'])

/**
 * Connects to the socket that a plugin named in InitReply.stream and shows the token.
 * @throws Error when the address is of another form or nobody listens
 */
export async function openSocketBatchStream(at: StreamAddress, listener: BatchStreamListener): Promise<BatchStream> {
  const { HostBatch, PluginBatch } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
  const socket = await connected(at.address)
  let closed = false
  const end = (why: string, lastUnread = false) => {
    if (!closed) listener.onEnd(why, lastUnread)
    closed = true
    socket.destroy()
  }
  const frames = new FrameReader(frame => listener.onBatch(PluginBatch.deserialize(frame)))
  socket.on('data', chunk => {
    try {
      frames.push(chunk)
    } catch (error) {
      end(`the plugin sent what is no PluginBatch: ${error}`)
    }
  })
  socket.on('drain', listener.onDrain)
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.message, LEFT_UNREAD.has(error.code ?? '')))
  socket.on('close', () => end('the plugin ended the stream'))
  writeFrame(socket, at.token)
  return {
    write: (batch: HostBatch) => writeFrame(socket, HostBatch.serialize(batch as never)),
    close() {
      closed = true
      socket.destroy()
    },
  }
}

function connected(address: string): Promise<Socket> {
  const unix = /^unix:(\/.+)$/.exec(address)
  const tcp = /^tcp:(.+):(\d+)$/.exec(address)
  if (!unix && !tcp)
    throw new Error(`the plugin names the stream address '${address}', which is neither unix: nor tcp:`)
  return new Promise((resolve, reject) => {
    const socket = unix ? connect(unix[1] as string) : connect(Number(tcp?.[2]), tcp?.[1])
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
