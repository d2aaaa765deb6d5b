import { ServiceError } from '../core/error.js'
import type { InferenceService, RequestContext } from '../core/inference.js'
import { watchResults, watchSession } from '../core/watched-session.js'
import type { Apps } from './apps.js'

/**
 * The same service for apps alone: each may use its models, as often, and as many at once, as it may. A request of nobody
 * is refused, so that a front-end that forgets to ask whose it is lets nobody in.
 */
export function guardInference(inference: InferenceService, apps: Pick<Apps, 'authorize' | 'admit'>): InferenceService {
  /** @returns to be called when the request has ended */
  const guard = (model: string, version: string | undefined, { app }: RequestContext) => {
    if (app === undefined) throw new ServiceError('unauthenticated')
    apps.authorize(app, inference.model(model, version).name)
    return apps.admit(app)
  }
  return {
    models: () => inference.models(),
    model: (name, version) => inference.model(name, version),
    async once(request, ctx) {
      const ended = guard(request.model, request.version, ctx)
      try {
        return await inference.once(request, ctx)
      } finally {
        ended()
      }
    },
    async *stream(request, ctx) {
      const ended = guard(request.model, request.version, ctx)
      yield* watchResults(inference.stream(request, ctx), ended)
    },
    async open(request, ctx) {
      const ended = guard(request.model, request.version, ctx)
      try {
        return watchSession(await inference.open(request, ctx), ended)
      } catch (error) {
        ended()
        throw error
      }
    },
  }
}
