import type { AdminService } from '../core/admin.js'
import { ServiceError, toServiceError } from '../core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
  Session,
  SessionRequest,
} from '../core/inference.js'
import type { ModelInfo } from '../core/model.js'
import type { Model } from './model.js'

/** The daemon's core as every front-end sees it, over the models that it serves. */
export class LocalInferenceService implements InferenceService, Pick<AdminService, 'setSlots'> {
  private readonly byName: ReadonlyMap<string, Model>

  /** @param models in the order in which they are listed; the first one answers requests that name none */
  constructor(private readonly served: readonly Model[]) {
    this.byName = new Map(served.map(model => [model.info.name, model]))
  }

  models(): readonly ModelInfo[] {
    return this.served.map(model => model.info)
  }

  model(name: string): ModelInfo {
    return this.find(name).info
  }

  async once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult> {
    try {
      return await this.find(request.model).once(request, ctx)
    } catch (error) {
      throw toServiceError(error)
    }
  }

  async *stream(request: InferenceRequest, ctx: RequestContext): AsyncGenerator<InferenceResult> {
    try {
      yield* this.find(request.model).stream(request, ctx)
    } catch (error) {
      throw toServiceError(error)
    }
  }

  async open(request: SessionRequest, ctx: RequestContext): Promise<Session> {
    try {
      return await this.find(request.model).open(request, ctx)
    } catch (error) {
      throw toServiceError(error)
    }
  }

  /** Ends everything that is in flight, each with this reason. */
  abortAll(reason: ServiceError): void {
    for (const model of this.served) model.abortAll(reason)
  }

  setSlots(model: string, slots: number): void {
    this.find(model).slots.resize(slots)
  }

  private find(name: string): Model {
    const model = name === '' ? this.served[0] : this.byName.get(name)
    if (model === undefined) {
      throw new ServiceError('model_unknown', `no service '${name}'; there is ${[...this.byName.keys()].join(', ')}`)
    }
    return model
  }
}
