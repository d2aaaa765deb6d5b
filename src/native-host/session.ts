import type { Open__Output as Open } from '../gen/plugin/aiges/plugin/v2/Open.js'
import type { Payload__Output as Payload } from '../gen/plugin/aiges/plugin/v2/Payload.js'
import type { Result } from '../gen/plugin/aiges/plugin/v2/Result.js'
import type { Answer, Engine, EngineSession } from './engine.js'
import { EngineError, toEngineError } from './engine-error.js'
import { areLast } from './outputs.js'
import type { ReplyWriter } from './reply-writer.js'

export interface SessionOptions {
  readonly id: number
  readonly engine: Engine
  readonly replies: ReplyWriter
  /** Results come through the callback; otherwise they are read. */
  readonly asyncMode: boolean
  /** Where results are read: after every frame, not only after the last. */
  readonly realTime: boolean
  /** Called once, when the engine has let go of the session. */
  readonly onEnd: () => void
}

/** Wait between two reads that find nothing, in ms. Source: the AIGES loader. */
const READ_PAUSE_MS = 50

/**
 * A session of the engine. Its calls run one after the other. Whatever ends it, it is destroyed once, and its last result
 * is sent after that.
 */
export class Session {
  private readonly sid: string
  private native: EngineSession | undefined
  private calls: Promise<void>
  private ended = false
  private paused = false
  /** Whether each input that was seen has ended. */
  private readonly inputs = new Map<string, boolean>()
  private wake = () => {}

  constructor(
    open: Open,
    private readonly options: SessionOptions,
  ) {
    this.sid = open.sid
    this.calls = this.create(open).catch(error => this.fail(error))
  }

  write(payloads: readonly Payload[]): void {
    const { engine, replies, id, asyncMode, realTime } = this.options
    this.next(async () => {
      try {
        if (this.native === undefined || this.ended) return
        await engine.write(this.native, payloads)
      } finally {
        replies.taken(id, 1)
      }
      const last = this.endedBy(payloads)
      if (!asyncMode && (realTime || last)) await this.read(this.native, last)
    })
  }

  /** The reader is behind. What calls back cannot be made to wait: the host ends a request that gets too far ahead. */
  pause(paused: boolean): void {
    this.paused = paused
    this.wake()
  }

  /** The host needs nothing more. */
  end(last: Result = { id: this.options.id, last: true }): void {
    if (this.ended) return
    this.ended = true
    this.wake()
    this.next(async () => {
      await this.destroy()
      this.options.replies.result(last)
      this.options.onEnd()
    })
  }

  private async create(open: Open): Promise<void> {
    const { engine, replies, id, asyncMode } = this.options
    this.native = await engine.create(open.sid, open, asyncMode ? this.onAnswer : undefined)
    replies.started(id)
  }

  private readonly onAnswer: Answer = result => {
    if (result instanceof EngineError) this.fail(result)
    else if (result.length > 0) this.give(result)
  }

  private give(payloads: Parameters<typeof areLast>[0]): void {
    if (this.ended) return
    const { id, replies } = this.options
    const last = areLast(payloads)
    const result = { id, last, payloads: [...payloads] }
    if (last) this.end(result)
    else replies.result(result)
  }

  /** Reads what is there; after the last frame until the engine's last result, or until the host gives up. */
  private async read(native: EngineSession, untilLast: boolean): Promise<void> {
    while (!this.ended) {
      if (this.paused) {
        await this.wait()
        continue
      }
      const payloads = await this.options.engine.read(native)
      if (payloads.length > 0) this.give(payloads)
      if (!untilLast) return
      if (payloads.length === 0) await this.wait(READ_PAUSE_MS)
    }
  }

  /** Resolves when something changes, or after `ms`. */
  private wait(ms?: number): Promise<void> {
    return new Promise(resolve => {
      const timer = ms === undefined ? undefined : setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  private endedBy(payloads: readonly Payload[]): boolean {
    for (const payload of payloads) this.inputs.set(payload.key, areLast([payload]))
    return this.inputs.size > 0 && [...this.inputs.values()].every(Boolean)
  }

  private next(call: () => Promise<void>): void {
    this.calls = this.calls.then(call).catch(error => this.fail(error))
  }

  private fail(thrown: unknown): void {
    const { code, message } = toEngineError(thrown)
    this.end({ id: this.options.id, last: true, code, message })
  }

  private async destroy(): Promise<void> {
    const { engine, replies } = this.options
    const { native, sid } = this
    if (native === undefined) return
    this.native = undefined
    try {
      const value = await engine.debugInfo(native)
      if (value !== '') replies.report({ kind: 'TRACE', sid, key: 'wrapperDebugInfo', value })
      await engine.destroy(native)
    } catch (error) {
      const { code, message } = toEngineError(error)
      console.error(`ERROR [sid=${sid}] the session could not be destroyed: ${message} (code ${code})`)
    }
  }
}
