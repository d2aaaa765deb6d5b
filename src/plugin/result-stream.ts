import type { WrapperResult } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { Usage } from '../core/inference.js'
import type { Payload } from '../core/payload.js'
import { BusyFlag } from './busy-flag.js'
import type { ResultSink, StreamCall } from './channel.js'

/** Results that nobody has read yet: past the first bound the plugin is asked to pause, past the second the call ends. */
const PAUSE_BYTES = 256 * 1024
const PAUSE_RESULTS = 64
const MOST_BYTES = 16 << 20
const MOST_RESULTS = 4096

/** What a result costs beside its data, so that empty ones count, too. */
const RESULT_BYTES = 256

export interface ResultStreamOptions {
  /** Tells the plugin that nobody waits any more. */
  readonly onCancel: (reason: ServiceError) => void
  /** Asks the plugin to pause, or to go on; absent where its protocol cannot say that. */
  readonly onFlow?: (paused: boolean) => void
}

/**
 * The results of one call as they come, for one reader. What is cancelled ends for the reader at once, but stays busy
 * until the wrapper has answered for the last time.
 */
export class ResultStream implements StreamCall, ResultSink, AsyncIterator<WrapperResult> {
  begun = false
  private readonly queue: WrapperResult[] = []
  private bytes = 0
  private paused = false
  private ending: { readonly error?: unknown } | undefined
  private reader: { resolve(result: IteratorResult<WrapperResult>): void; reject(error: unknown): void } | undefined
  private readonly busy = new BusyFlag()

  constructor(private readonly options: ResultStreamOptions) {}

  get results(): AsyncIterable<WrapperResult> {
    return { [Symbol.asyncIterator]: () => this }
  }

  next(): Promise<IteratorResult<WrapperResult>> {
    const result = this.queue.shift()
    if (result !== undefined) {
      this.bytes -= sizeOf(result)
      if (this.paused && this.bytes < PAUSE_BYTES / 2 && this.queue.length < PAUSE_RESULTS / 2) this.flow(false)
      return Promise.resolve({ value: result, done: false })
    }
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject }
      if (this.ending) this.tellEnd()
    })
  }

  /** The reader leaves before the end. */
  return(): Promise<IteratorResult<WrapperResult>> {
    this.cancel(new ServiceError('cancelled'))
    return Promise.resolve({ value: undefined, done: true })
  }

  add(payloads: readonly Payload[], last: boolean, usage?: Usage): void {
    if (this.ending) return
    const result = usage ? { payloads, last, usage } : { payloads, last }
    if (this.reader) {
      const { resolve } = this.reader
      this.reader = undefined
      resolve({ value: result, done: false })
      return
    }
    this.queue.push(result)
    this.bytes += sizeOf(result)
    if (this.bytes > MOST_BYTES || this.queue.length > MOST_RESULTS) {
      this.cancel(new ServiceError('reader_too_slow'))
    } else if (!this.paused && (this.bytes > PAUSE_BYTES || this.queue.length > PAUSE_RESULTS)) {
      this.flow(true)
    }
  }

  finish(): void {
    this.end({})
    this.busy.clear()
  }

  fail(error: unknown): void {
    this.end({ error })
    this.busy.clear()
  }

  reject(error: unknown): void {
    this.end({ error })
  }

  cancel(reason: ServiceError): void {
    if (!this.busy.isSet) return
    // What was not read by now will not be.
    this.queue.length = 0
    this.bytes = 0
    this.end({ error: reason })
    this.options.onCancel(reason)
  }

  whenIdle(listener: () => void): void {
    this.busy.whenClear(listener)
  }

  private flow(paused: boolean): void {
    this.paused = paused
    this.options.onFlow?.(paused)
  }

  protected end(ending: { readonly error?: unknown }): void {
    this.ending ??= ending
    if (this.reader) this.tellEnd()
  }

  private tellEnd(): void {
    const { reader, ending } = this
    this.reader = undefined
    if (ending && 'error' in ending) {
      // A reader that comes back after the error sees an ordinary end.
      this.ending = {}
      reader?.reject(ending.error)
    } else {
      reader?.resolve({ value: undefined, done: true })
    }
  }
}

function sizeOf({ payloads }: WrapperResult): number {
  let bytes = RESULT_BYTES
  for (const { data } of payloads) bytes += data.byteLength
  return bytes
}
