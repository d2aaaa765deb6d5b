import type { HostMessage } from '../gen/plugin/aiges/plugin/v2/HostMessage.js'
import type { BatchStream } from './batch-stream.js'

/** Past this much data a batch is sent before the turn of the event loop is over. */
const MAX_BATCH_BYTES = 1 << 20

/**
 * Sends everything that became ready during one turn of the event loop as one message. The flush runs when the turn's
 * input has been read, so a request that comes alone waits for nothing. Nothing is written while the peer does not read.
 */
export class BatchWriter {
  private batch: HostMessage[] = []
  private bytes = 0
  private scheduled = false
  /** Batches that are complete but wait for the peer to read. */
  private backlog: HostMessage[][] = []
  private blocked = false
  private last: HostMessage[] = []
  private over = false

  constructor(private readonly stream: BatchStream) {}

  /** The peer reads again. */
  drained(): void {
    this.blocked = false
    this.writeBacklog()
  }

  /** The stream is over; nothing more is written. @param lastUnread whether the peer has not read the last batch either */
  ended(lastUnread: boolean): void {
    this.over = true
    if (lastUnread) this.backlog.unshift(this.last)
  }

  /** Ids of what the peer cannot have read, be it that it never left or that it came too late. */
  unread(): ReadonlySet<number> {
    return new Set([...this.backlog.flat(), ...this.batch].map(({ id }) => id ?? 0))
  }

  /** @param dataBytes size of the message's data; the rest is small */
  add(message: HostMessage, dataBytes: number): void {
    if (this.bytes > 0 && this.bytes + dataBytes > MAX_BATCH_BYTES) this.flush()
    this.batch.push(message)
    this.bytes += dataBytes
    if (!this.scheduled) {
      this.scheduled = true
      setImmediate(() => {
        this.scheduled = false
        this.flush()
      })
    }
  }

  private flush(): void {
    if (this.batch.length === 0) return
    this.backlog.push(this.batch)
    this.batch = []
    this.bytes = 0
    this.writeBacklog()
  }

  private writeBacklog(): void {
    while (!this.blocked && !this.over) {
      const messages = this.backlog.shift()
      if (messages === undefined) return
      this.last = messages
      this.blocked = !this.stream.write({ messages })
    }
  }
}
