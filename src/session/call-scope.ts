import { ServiceError } from '../core/error.js'
import type { RequestContext } from '../core/inference.js'

/**
 * The life of one call: aborted with the client's reason or, at the deadline, with `result_timeout`. Whoever opens a
 * scope closes it. (AbortSignal.any and AbortSignal.timeout would do the same at several times the cost.)
 */
export class CallScope {
  private readonly controller = new AbortController()
  private readonly timer: NodeJS.Timeout
  /** Latest time of an answer in ms on the clock of `performance.now()`. */
  readonly deadline: number

  constructor(
    private readonly ctx: RequestContext,
    limitMs: number,
  ) {
    const now = performance.now()
    this.deadline = Math.min(ctx.deadline ?? Number.POSITIVE_INFINITY, now + limitMs)
    this.timer = setTimeout(() => this.expire(), Math.max(0, this.deadline - now))
    if (ctx.signal.aborted) this.follow()
    else ctx.signal.addEventListener('abort', this.follow)
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  close(): void {
    clearTimeout(this.timer)
    this.ctx.signal.removeEventListener('abort', this.follow)
  }

  private readonly follow = () => {
    const { reason } = this.ctx.signal
    this.controller.abort(reason instanceof ServiceError ? reason : new ServiceError('cancelled'))
  }

  private expire(): void {
    this.controller.abort(new ServiceError('result_timeout', 'service exec once request timeout'))
  }
}
