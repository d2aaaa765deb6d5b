import type { Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import { ServiceError } from '../../core/error.js'

export interface PacedSenderOptions {
  /** Bytes that may wait for the reader before the sender has to. */
  readonly maxBufferedBytes: number
  /** How long the reader may take for one message while the sender waits, in ms. */
  readonly readerTimeoutMs: number
}

interface Waiting {
  readonly resolve: () => void
  readonly reject: (error: ServiceError) => void
}

/**
 * Sends messages over a WebSocket no faster than its reader takes them. Those of one turn of the event loop leave with
 * one system call, which doubles how many can be sent.
 */
export class PacedSender {
  private waiting: Waiting | undefined
  private timer: NodeJS.Timeout | undefined
  private corked = false

  /** @param wire the connection under the WebSocket */
  constructor(
    private readonly socket: WebSocket,
    private readonly wire: Writable,
    private readonly options: PacedSenderOptions,
  ) {}

  /**
   * Sends a message. Whoever sends more than one awaits each before the next.
   * @returns resolves when there is room for the next one
   * @throws ServiceError `reader_too_slow`, or `cancelled` when the connection was lost meanwhile
   */
  async send(message: string): Promise<void> {
    this.gather()
    this.socket.send(message, this.onSent)
    if (this.socket.bufferedAmount <= this.options.maxBufferedBytes) return
    await new Promise<void>((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.timer = setTimeout(() => this.settle(new ServiceError('reader_too_slow')), this.options.readerTimeoutMs)
    })
  }

  private gather(): void {
    if (this.corked) return
    this.corked = true
    this.wire.cork()
    process.nextTick(() => {
      this.corked = false
      this.wire.uncork()
    })
  }

  /** Called for every message that the operating system has taken: in order, so that each means progress. */
  private readonly onSent = (error?: Error | null) => {
    if (this.waiting === undefined) return
    if (error) this.settle(new ServiceError('cancelled', undefined, { cause: error }))
    else if (this.socket.bufferedAmount <= this.options.maxBufferedBytes) this.settle()
    else this.timer?.refresh()
  }

  private settle(error?: ServiceError): void {
    clearTimeout(this.timer)
    const { waiting } = this
    this.waiting = undefined
    if (error === undefined) waiting?.resolve()
    else waiting?.reject(error)
  }
}
