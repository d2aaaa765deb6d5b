import { ServiceError } from '../core/error.js'
import type { RequestContext } from '../core/inference.js'

/**
 * The life of one call: it is over early when the client leaves, and at its deadline. Whoever opens a scope closes it.
 * (AbortSignal.any and AbortSignal.timeout would do the same; a signal of its own for each call would cost as much as
 * decoding the request.)
 */
export class CallScope {
  /** Latest time of an answer in ms on the clock of `performance.now()`. */
  readonly deadline: number
  /** Its number among the calls that are in flight. */
  number = 0
  private readonly timer: NodeJS.Timeout
  private reason: ServiceError | undefined
  private cancel: ((reason: ServiceError) => void) | undefined

  /** @param limitMs the model's own limit; the request's deadline may be earlier */
  constructor(
    private readonly ctx: RequestContext,
    limitMs: number,
  ) {
    const now = performance.now()
    this.deadline = Math.min(ctx.deadline ?? Number.POSITIVE_INFINITY, now + limitMs)
    this.timer = setTimeout(this.expire, Math.max(0, Math.round(this.deadline - now)))
    if (ctx.signal.aborted) this.leave()
    else ctx.signal.addEventListener('abort', this.leave)
  }

  /** @throws the reason when the call is over already */
  throwIfOver(): void {
    if (this.reason !== undefined) throw this.reason
  }

  /** Whatever the call is waiting for now: called when it is over before `close`, at once when it already is. */
  onOver(cancel: (reason: ServiceError) => void): void {
    this.cancel = cancel
    if (this.reason !== undefined) cancel(this.reason)
  }

  close(): void {
    this.cancel = undefined
    clearTimeout(this.timer)
    this.ctx.signal.removeEventListener('abort', this.leave)
  }

  private readonly leave = () => {
    const { reason } = this.ctx.signal
    this.abort(reason instanceof ServiceError ? reason : new ServiceError('cancelled'))
  }

  private readonly expire = () => {
    this.abort(new ServiceError('result_timeout', 'service exec once request timeout'))
  }

  /** The call is over before its time, for this reason. */
  abort(reason: ServiceError): void {
    if (this.reason !== undefined) return
    this.reason = reason
    this.cancel?.(reason)
  }
}
