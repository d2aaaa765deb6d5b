import { type EventEmitter, once } from 'node:events'

/** A stream of lines that buffers, as pino's `destination` makes it. */
export interface LineStream extends EventEmitter {
  write(line: string): unknown
  end(): void
  destroy(): void
}

export interface LogSinkOptions {
  /** Opens the stream; rejects when it cannot be had. Called again after every failure. */
  readonly open: () => Promise<LineStream>
  /** Called once when the stream fails, not again until it has recovered. */
  readonly onFailure: (error: Error) => void
  /** Called when a line was written again, with the number of lines that were lost meanwhile. */
  readonly onRecovery: (lostLines: number) => void
  /** Wait before the first attempt to reopen, in ms; doubled up to a minute. Default 1000. */
  readonly retryDelayMs?: number
}

const DEFAULT_RETRY_DELAY_MS = 1000
const MAX_RETRY_DELAY_MS = 60_000
const CLOSE_TIMEOUT_MS = 2000

/**
 * Writes lines to a stream that may fail, such as a file on a disk that is full. A failure loses lines, which are
 * counted, and never more than that: the stream is reopened with back-off until it is back or the sink is closed.
 *
 * open → failing (error) → open (reopened, and a line was written) → …; closed from either. That a file can be opened
 * proves nothing: on a full disk it can.
 */
export class LogSink {
  private stream: LineStream | undefined
  private retry: NodeJS.Timeout | undefined
  private retryDelayMs: number
  private closed = false
  private failing = false
  private lost = 0
  private lostBeforeFailure = 0
  // Lines handed to the stream since it last had nothing left to write: what a failure takes with it.
  private unwritten = 0

  constructor(private readonly options: LogSinkOptions) {
    this.retryDelayMs = this.firstDelayMs
  }

  /** Lines that did not reach, or may not have reached, their destination. */
  get lostLines(): number {
    return this.lost
  }

  /** Opens the stream for the first time. Never rejects: a failure goes the way of all failures. */
  start(): Promise<void> {
    return this.open()
  }

  write(line: string): void {
    if (this.stream === undefined) {
      this.lost += 1
    } else {
      this.unwritten += 1
      this.stream.write(line)
    }
  }

  /** Writes what is buffered, for at most two seconds, and closes. Later lines are lost. */
  async close(): Promise<void> {
    this.closed = true
    clearTimeout(this.retry)
    const stream = this.stream
    this.stream = undefined
    if (stream === undefined) return
    stream.end()
    try {
      await once(stream, 'close', { signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) })
    } catch {
      // Neither a failing disk nor a stuck one may keep the daemon from ending.
      this.lost += this.unwritten
      stream.destroy()
    }
  }

  private get firstDelayMs(): number {
    return this.options.retryDelayMs ?? DEFAULT_RETRY_DELAY_MS
  }

  private async open(): Promise<void> {
    let stream: LineStream
    try {
      stream = await this.options.open()
    } catch (error) {
      this.failed(error as Error)
      return
    }
    if (this.closed) {
      stream.destroy()
      return
    }
    this.stream = stream
    stream.on('error', error => {
      if (stream !== this.stream) return
      this.stream = undefined
      stream.destroy()
      this.failed(error)
    })
    stream.on('drain', () => this.drained())
    stream.on('drop', () => {
      this.lost += 1
      this.unwritten -= 1
    })
  }

  private drained(): void {
    if (this.unwritten === 0) return
    this.unwritten = 0
    if (!this.failing) return
    this.failing = false
    this.retryDelayMs = this.firstDelayMs
    this.options.onRecovery(this.lost - this.lostBeforeFailure)
  }

  private failed(error: Error): void {
    if (this.closed) return
    const isNew = !this.failing
    if (isNew) this.lostBeforeFailure = this.lost
    this.failing = true
    this.lost += this.unwritten
    this.unwritten = 0
    this.retry = setTimeout(() => this.open(), this.retryDelayMs).unref()
    this.retryDelayMs = Math.min(this.retryDelayMs * 2, MAX_RETRY_DELAY_MS)
    if (isNew) this.options.onFailure(error)
  }
}
