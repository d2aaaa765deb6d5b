import { setImmediate as nextTurn } from 'node:timers/promises'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceResult, Session, SessionFrame } from '../../core/inference.js'
import type { Payload } from '../../core/payload.js'
import { isLast, OpenInputs } from '../shared/open-inputs.js'

/** Largest time that a timer takes, in ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1

/** A result with its number in the session, counted from 1. */
export interface NumberedResult {
  readonly seq: number
  readonly result: InferenceResult
}

/** What the next AIOut gives: a result, the failure that ended the session, or nothing since it ended. */
type Outcome = { readonly result: InferenceResult } | { readonly error: ServiceError } | 'ended'

export interface XsfSessionOptions {
  readonly sid: string
  /** The model's name. */
  readonly model: string
  /** The session fails with `session_timeout` when no call uses it for this long, in ms. */
  readonly idleTimeoutMs: number
  /** Called once, when the session has ended, though its last result or its failure may not have been fetched yet. */
  readonly onEnded: () => void
  /** Called once, after `onEnded`, when there is nothing left to tell. */
  readonly onForgotten: () => void
}

/**
 * A session whose client polls. One result is read ahead, no more, so that an end is noticed without a call.
 * The idle clock runs here, because only here is a poll seen that finds nothing.
 */
export class XsfSession {
  readonly #session: Session
  readonly #options: XsfSessionOptions
  readonly #results: AsyncIterator<InferenceResult>
  readonly #inputs = new OpenInputs()
  readonly #idle: NodeJS.Timeout
  /** Calls that wait for a change. */
  readonly #waiting = new Set<() => void>()
  #ahead: Outcome | undefined
  #ended = false
  #forgotten = false
  #calls = 0
  #seq = 0
  /** The wrapper has not taken the last frame yet. */
  #writing = false
  /** Why a frame was refused after its call had been answered. */
  #refusal: { readonly error: unknown } | undefined
  /** The last such reason; when the session failed for it, the failure has been told. */
  #told: unknown

  constructor(session: Session, options: XsfSessionOptions) {
    this.#session = session
    this.#options = options
    this.#results = session.results[Symbol.asyncIterator]()
    this.#idle = setTimeout(() => this.#expire(), Math.min(options.idleTimeoutMs, MAX_TIMER_MS))
    this.#readAhead()
  }

  get sid(): string {
    return this.#options.sid
  }

  get model(): string {
    return this.#options.model
  }

  /**
   * Hands a frame over. Waits up to `waitMs` while the wrapper has not taken the frame before, but not for it to take
   * this one.
   * @throws ServiceError what is known to be wrong with the frame by then, what was wrong with an earlier one, or once
   * the failure of the session
   */
  write(payloads: readonly Payload[], syncId: number, waitMs: number, signal: AbortSignal): Promise<void> {
    return this.#use(async () => {
      const until = performance.now() + waitMs
      this.#throwFailure()
      while (this.#writing) {
        if (!(await this.#change(until, signal))) {
          throw new ServiceError('result_timeout', 'the wrapper has not taken the frame before in time')
        }
        this.#throwFailure()
      }
      this.#throwRefusal()
      this.#startWriting({ payloads, syncId, last: this.#inputs.endedBy(payloads) })
      // What needs no answer of the plugin is decided within this turn: a frame after the last one, for example.
      await nextTurn()
      this.#throwFailure()
      this.#throwRefusal()
    })
  }

  /**
   * The next result, or undefined when there is none within `waitMs`.
   * @throws ServiceError once the failure of the session, `session_ended` after the last result
   */
  read(waitMs: number, signal: AbortSignal): Promise<NumberedResult | undefined> {
    return this.#use(async () => {
      const until = performance.now() + waitMs
      while (this.#ahead === undefined) {
        if (!(await this.#change(until, signal))) return undefined
      }
      return this.#take(this.#ahead)
    })
  }

  /** Ends the session; its handle has nothing more to tell. */
  abort(reason: ServiceError): void {
    this.#session.abort(reason)
    this.#forget()
  }

  #take(outcome: Outcome): NumberedResult {
    if (outcome === 'ended') {
      this.#forget()
      throw new ServiceError('session_ended')
    }
    if ('error' in outcome) {
      this.#forget()
      throw outcome.error
    }
    const { result } = outcome
    this.#seq += 1
    if (isLast(result.status)) this.#forget()
    else this.#readAhead()
    return { seq: this.#seq, result }
  }

  #readAhead(): void {
    this.#ahead = undefined
    this.#results.next().then(
      ({ done, value }) => this.#arrive(done ? 'ended' : { result: value }),
      thrown => this.#arrive({ error: toServiceError(thrown) }),
    )
  }

  #arrive(outcome: Outcome): void {
    // An end that was decided here stands.
    if (this.#ended) return
    const told = outcome !== 'ended' && 'error' in outcome && outcome.error === this.#told
    this.#ahead = told ? 'ended' : outcome
    if (outcome === 'ended' || 'error' in outcome || isLast(outcome.result.status)) this.#end()
    this.#wake()
  }

  #expire(): void {
    if (this.#calls > 0 || this.#hasFailed()) return
    const error = new ServiceError('session_timeout')
    this.#session.abort(error)
    this.#ahead = { error }
    this.#end()
  }

  #end(): void {
    if (this.#ended) return
    this.#ended = true
    // The slot is free from now on, whether or not the client fetches what is left.
    this.#session.close()
    this.#options.onEnded()
  }

  #forget(): void {
    if (this.#forgotten) return
    this.#forgotten = true
    this.#end()
    clearTimeout(this.#idle)
    this.#ahead = 'ended'
    this.#wake()
    this.#options.onForgotten()
  }

  #hasFailed(): boolean {
    return this.#ahead !== undefined && (this.#ahead === 'ended' || 'error' in this.#ahead)
  }

  #throwFailure(): void {
    if (this.#ahead !== undefined && this.#hasFailed()) this.#take(this.#ahead)
  }

  #throwRefusal(): void {
    if (this.#refusal === undefined) return
    const { error } = this.#refusal
    this.#refusal = undefined
    if (error === this.#told) throw new ServiceError('session_ended')
    this.#told = error
    throw error
  }

  #startWriting(frame: SessionFrame): void {
    this.#writing = true
    this.#session
      .write(frame)
      .catch(error => {
        this.#refusal = { error }
      })
      .finally(() => {
        this.#writing = false
        this.#wake()
      })
  }

  #wake(): void {
    for (const wake of this.#waiting) wake()
  }

  /**
   * Resolves with true when an outcome arrived or the wrapper took a frame, with false when it is `until` o'clock.
   * @throws the signal's reason when the caller left
   */
  async #change(until: number, signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted()
    const remaining = until - performance.now()
    if (remaining <= 0) return false
    await new Promise<void>(resolve => {
      const settle = () => {
        clearTimeout(timer)
        signal.removeEventListener('abort', settle)
        this.#waiting.delete(settle)
        resolve()
      }
      const timer = setTimeout(settle, Math.min(remaining, MAX_TIMER_MS))
      signal.addEventListener('abort', settle, { once: true })
      this.#waiting.add(settle)
    })
    signal.throwIfAborted()
    return true
  }

  async #use<T>(call: () => Promise<T>): Promise<T> {
    this.#calls += 1
    try {
      return await call()
    } finally {
      this.#calls -= 1
      if (!this.#forgotten) this.#idle.refresh()
    }
  }
}
