import type { WrapperSession } from '../core/backend.js'
import { ServiceError, toServiceError } from '../core/error.js'
import type { InferenceResult, Session, SessionFrame } from '../core/inference.js'
import type { ModelSchema } from '../core/model.js'
import { type Accept, Status } from '../core/payload.js'
import { ActivityTimer } from './activity-timer.js'
import { OrderingBuffer } from './ordering-buffer.js'
import { pickOutputs } from './outputs.js'
import { ResultStatus } from './result-status.js'

export interface OpenSessionOptions {
  readonly accepts: readonly Accept[]
  readonly schema: ModelSchema | undefined
  /** Whether the last frame went with the opening. Default false. */
  readonly inputEnded?: boolean
  readonly idleTimeoutMs: number
  readonly maxAgeMs?: number
  readonly firstSyncId?: number
  /** Ends the session early when it aborts; the reason is a ServiceError. */
  readonly signal: AbortSignal
  /** Tells the wrapper why its session is over before its time. */
  readonly onAbort: (reason: ServiceError) => void
  /** Called once, at whichever end comes first. */
  readonly onEnd: () => void
}

/**
 * A session between a client and a wrapper. It is open until the first of: the wrapper's last result or failure, close,
 * abort, the client's leaving, too long without activity, too old, a frame missing. From then on writes fail with `session_ended`
 * and the results end, with the reason if there is one.
 */
export class OpenSession implements Session {
  readonly failed: Promise<ServiceError>
  private tellFailure!: (reason: ServiceError) => void
  private ended = false
  private reason: ServiceError | undefined
  private inputEnded: boolean
  private lastWrite: Promise<void> = Promise.resolve()
  private readonly order: OrderingBuffer<SessionFrame>
  private readonly activity: ActivityTimer
  private readonly ageTimer: NodeJS.Timeout | undefined

  constructor(
    private readonly wrapper: WrapperSession,
    private readonly options: OpenSessionOptions,
  ) {
    const { idleTimeoutMs, maxAgeMs, firstSyncId = 0, inputEnded = false, signal } = options
    this.inputEnded = inputEnded
    this.failed = new Promise(resolve => {
      this.tellFailure = resolve
    })
    this.order = new OrderingBuffer<SessionFrame>(firstSyncId, error => this.abort(error))
    this.activity = new ActivityTimer(idleTimeoutMs, () => {
      this.abort(new ServiceError('session_timeout', `the session was idle for ${idleTimeoutMs} ms`))
    })
    if (maxAgeMs !== undefined) {
      this.ageTimer = setTimeout(() => {
        this.abort(new ServiceError('frame_timeout', `the session is older than ${maxAgeMs} ms`))
      }, maxAgeMs)
    }
    // Its reader may come back late, as those do who poll; the slot is not kept for what is left to read.
    void wrapper.failed.then(error => {
      this.end(() => {
        this.reason = toServiceError(error)
      })
    })
    if (signal.aborted) this.leave()
    else signal.addEventListener('abort', this.leave)
  }

  async write(frame: SessionFrame): Promise<void> {
    if (this.ended) throw this.reason ?? new ServiceError('session_ended')
    if (this.inputEnded) throw new ServiceError('session_ended', 'the last frame has been written already')
    this.activity.touch()
    const due = frame.syncId === undefined ? [frame] : this.pushInOrder(frame.syncId, frame)
    for (const next of due) {
      this.inputEnded ||= next.last
      this.lastWrite = this.lastWrite.then(() => this.pass(next))
    }
    await this.lastWrite
  }

  readonly results: AsyncIterable<InferenceResult> = { [Symbol.asyncIterator]: () => this.read() }

  close(): void {
    this.end(() => this.wrapper.close())
  }

  abort(reason: ServiceError): void {
    this.end(() => {
      this.reason = reason
      this.options.onAbort(reason)
    })
  }

  private pushInOrder(syncId: number, frame: SessionFrame): SessionFrame[] {
    try {
      return this.order.push(syncId, frame, bytesOf(frame))
    } catch (error) {
      this.abort(toServiceError(error))
      throw error
    }
  }

  private async pass(frame: SessionFrame): Promise<void> {
    if (this.ended) return
    try {
      await this.wrapper.write(frame.payloads)
    } catch (error) {
      this.abort(toServiceError(error))
    }
  }

  private async *read(): AsyncGenerator<InferenceResult> {
    const { accepts, schema } = this.options
    const status = new ResultStatus()
    let last = false
    try {
      for await (const result of this.wrapper.results) {
        this.activity.touch()
        last = result.last
        const payloads = pickOutputs(result.payloads, accepts, schema)
        if (payloads.length === 0 && !last) continue
        yield { status: status.of(result), payloads }
        this.activity.touch()
        if (last) break
      }
    } catch (error) {
      const reason = this.reason ?? toServiceError(error)
      this.abort(reason)
      throw reason
    } finally {
      // The wrapper's own end, or a reader that wants nothing more.
      this.close()
    }
    if (this.reason) throw this.reason
    if (!last) yield { status: Status.end, payloads: [] }
  }

  private end(how: () => void): void {
    if (this.ended) return
    this.ended = true
    this.order.close()
    this.activity.close()
    clearTimeout(this.ageTimer)
    this.options.signal.removeEventListener('abort', this.leave)
    how()
    if (this.reason) this.tellFailure(this.reason)
    this.options.onEnd()
  }

  private readonly leave = () => {
    const { reason } = this.options.signal
    this.abort(reason instanceof ServiceError ? reason : new ServiceError('cancelled'))
  }
}

function bytesOf({ payloads }: SessionFrame): number {
  return payloads.reduce((sum, { data }) => sum + data.length, 0)
}
