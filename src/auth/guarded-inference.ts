import { ServiceError } from '../core/error.js'
import type { InferenceService, RequestContext } from '../core/inference.js'
import type { Apps } from './apps.js'

/**
 * The same service for apps alone: each may use its models, as often as its rate allows. A request of nobody is refused,
 * so that a front-end that forgets to ask whose it is lets nobody in.
 */
export function guardInference(inference: InferenceService, apps: Pick<Apps, 'authorize' | 'admit'>): InferenceService {
  const guard = (model: string, version: string | undefined, { app }: RequestContext) => {
    if (app === undefined) throw new ServiceError('unauthenticated')
    apps.authorize(app, inference.model(model, version).name)
    apps.admit(app)
  }
  return {
    models: () => inference.models(),
    model: (name, version) => inference.model(name, version),
    async once(request, ctx) {
      guard(request.model, request.version, ctx)
      return inference.once(request, ctx)
    },
    async *stream(request, ctx) {
      guard(request.model, request.version, ctx)
      yield* inference.stream(request, ctx)
    },
    async open(request, ctx) {
      guard(request.model, request.version, ctx)
      return inference.open(request, ctx)
    },
  }
}
