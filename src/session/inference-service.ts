import { type ServiceError, toServiceError } from '../core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
  Session,
  SessionRequest,
} from '../core/inference.js'
import type { ModelInfo } from '../core/model.js'
import type { ModelRegistry } from './registry.js'

/** The daemon's core as every front-end sees it, over the models that it serves. */
export class LocalInferenceService implements InferenceService {
  constructor(private readonly registry: ModelRegistry) {}

  models(): readonly ModelInfo[] {
    return this.registry.infos()
  }

  model(name: string, version?: string): ModelInfo {
    return this.registry.info(name, version)
  }

  async once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult> {
    try {
      return await this.registry.find(request.model, request.version).once(request, ctx)
    } catch (error) {
      throw toServiceError(error)
    }
  }

  async *stream(request: InferenceRequest, ctx: RequestContext): AsyncGenerator<InferenceResult> {
    try {
      yield* this.registry.find(request.model, request.version).stream(request, ctx)
    } catch (error) {
      throw toServiceError(error)
    }
  }

  async open(request: SessionRequest, ctx: RequestContext): Promise<Session> {
    try {
      return await this.registry.find(request.model, request.version).open(request, ctx)
    } catch (error) {
      throw toServiceError(error)
    }
  }

  /** Ends everything that is in flight, each with this reason. */
  abortAll(reason: ServiceError): void {
    for (const model of this.registry.all) model.abortAll(reason)
  }
}
