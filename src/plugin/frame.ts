import type { Socket } from 'node:net'

const HEADER_BYTES = 4

/**
 * Longest message in bytes. More than any front-end could hand on; a longer one is taken for bytes that are no header,
 * for which nobody should wait or keep what follows.
 */
const MAX_FRAME_BYTES = 512 << 20

/** The 4 bytes in front of a message: its length, most significant byte first. */
export function frameHeader(length: number): Buffer {
  const header = Buffer.allocUnsafe(HEADER_BYTES)
  header.writeUInt32BE(length)
  return header
}

/** Sends a message with its header. False when nothing more should be written before the socket drains. */
export function writeFrame(socket: Socket, frame: Uint8Array): boolean {
  // Corked, header and content leave in one system call.
  socket.cork()
  socket.write(frameHeader(frame.byteLength))
  const ready = socket.write(frame)
  socket.uncork()
  return ready
}

/** Cuts a stream of bytes into the messages that were framed with `frameHeader`. */
export class FrameReader {
  private chunks: Buffer[] = []
  private available = 0
  /** Bytes that the next step needs: a header, or header and message. */
  private needed = HEADER_BYTES

  constructor(private readonly onFrame: (frame: Buffer) => void) {}

  /** @throws RangeError when a header announces a message that is too long; what follows cannot be cut then */
  push(chunk: Buffer): void {
    this.chunks.push(chunk)
    this.available += chunk.length
    if (this.available < this.needed) return
    // Joined only when a step can be made, so that a large message is copied once.
    let bytes = this.chunks.length === 1 ? chunk : Buffer.concat(this.chunks)
    for (;;) {
      if (bytes.length < HEADER_BYTES) {
        this.needed = HEADER_BYTES
        break
      }
      const length = bytes.readUInt32BE(0)
      if (length > MAX_FRAME_BYTES) throw new RangeError(`a message of ${length} bytes is announced`)
      this.needed = HEADER_BYTES + length
      if (bytes.length < this.needed) break
      this.onFrame(bytes.subarray(HEADER_BYTES, this.needed))
      bytes = bytes.subarray(this.needed)
    }
    this.chunks = bytes.length === 0 ? [] : [bytes]
    this.available = bytes.length
  }
}
