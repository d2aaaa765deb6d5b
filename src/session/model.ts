import type { Lease, WrapperBackend } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { InferenceRequest, InferenceResult, RequestContext } from '../core/inference.js'
import type { ModelInfo } from '../core/model.js'
import { Status } from '../core/payload.js'
import { CallScope } from './call-scope.js'
import { selectOutputs } from './outputs.js'
import { Slots, type SlotsOptions } from './slots.js'

export interface ModelOptions extends SlotsOptions {
  readonly name: string
  /** Longest time that a once call may take, waiting included, in ms. */
  readonly onceTimeoutMs: number
}

/** One model: its wrapper, its slots, and what it does with a request. */
export class Model {
  readonly slots: Slots

  constructor(
    private readonly options: ModelOptions,
    private readonly backend: WrapperBackend,
  ) {
    this.slots = new Slots(options)
  }

  get info(): ModelInfo {
    const { readiness, schema, abilities, version } = this.backend
    return {
      name: this.options.name,
      readiness,
      ...(schema && { schema }),
      ...(abilities && { abilities }),
      ...(version && { version }),
    }
  }

  /** Runs a request: slot, replica, wrapper, outputs. The slot stays taken until the wrapper has let go of the call. */
  async once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult> {
    const { readiness } = this.backend
    if (!readiness.ready) throw new ServiceError('not_ready', `${this.options.name} is not ready: ${readiness.why}`)
    const scope = new CallScope(ctx, this.options.onceTimeoutMs)
    try {
      scope.throwIfOver()
      if (!this.slots.tryTake()) await this.slots.take(scope)
      return await this.run(request, ctx, scope)
    } finally {
      scope.close()
    }
  }

  private async run(request: InferenceRequest, ctx: RequestContext, scope: CallScope): Promise<InferenceResult> {
    let lease: Lease | undefined
    try {
      lease = this.backend.acquire()
      const { parameters, payloads } = request
      const call = { sid: ctx.sid, parameters, payloads, deadline: scope.deadline }
      const result = lease.once(call)
      scope.onOver(reason => lease?.cancel(reason))
      const outputs = await result
      return { status: Status.once, payloads: selectOutputs(outputs, request.accepts, this.backend.schema) }
    } finally {
      if (lease === undefined) this.slots.free()
      else lease.release(() => this.slots.free())
    }
  }
}
