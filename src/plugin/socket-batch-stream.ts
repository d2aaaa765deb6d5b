import { Socket } from 'node:net'
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
  socket.on('end', () => end('the plugin ended the stream', socket.lastUnread))
  socket.on('error', (error: NodeJS.ErrnoException) => end(error.message, LEFT_UNREAD.has(error.code ?? '')))
  socket.on('close', () => end('the plugin ended the stream', socket.lastUnread))
  writeFrame(socket, at.token)
  return {
    write: (batch: HostBatch) => writeFrame(socket, HostBatch.serialize(batch as never)) && !socket.lastUnread,
    close() {
      closed = true
      socket.destroy()
    },
  }
}

/**
 * A socket of which all is read that is there even if its peer takes nothing more. Node's own is destroyed by the first write that
 * fails, and results that had arrived by then are lost: they say what the plugin has begun.
 */
class LastingSocket extends Socket {
  /** Whether a write has failed; nothing is written after it. */
  lastUnread = false

  override _write(chunk: unknown, encoding: BufferEncoding, done: WriteCallback): void {
    super._write(chunk, encoding, error => this.wrote(error, done))
  }

  override _writev(chunks: Parameters<NonNullable<Socket['_writev']>>[0], done: WriteCallback): void {
    super._writev?.(chunks, error => this.wrote(error, done))
  }

  private wrote(error: Error | null | undefined, done: WriteCallback): void {
    if (!error) {
      done()
      return
    }
    // A write that is never done keeps those that would follow it back.
    this.lastUnread = true
    this.endWhenRead()
  }

  /** Whoever reads no more has mostly gone, and then the socket ends by itself; but a peer may keep its side of it. */
  private endWhenRead(bytesRead?: number): void {
    setImmediate(() => {
      // Between two of these, all that is there is read.
      if (this.bytesRead === bytesRead) this.destroy()
      else this.endWhenRead(this.bytesRead)
    })
  }
}

type WriteCallback = (error?: Error | null) => void

function connected(address: string): Promise<LastingSocket> {
  const unix = /^unix:(\/.+)$/.exec(address)
  const tcp = /^tcp:(.+):(\d+)$/.exec(address)
  if (!unix && !tcp)
    throw new Error(`the plugin names the stream address '${address}', which is neither unix: nor tcp:`)
  return new Promise((resolve, reject) => {
    const socket = new LastingSocket()
    if (unix) socket.connect(unix[1] as string)
    else socket.connect(Number(tcp?.[2]), tcp?.[1] as string)
    socket.setNoDelay(true)
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}
