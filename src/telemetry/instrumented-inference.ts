import { ServiceError, toServiceError } from '../core/error.js'
import type { InferenceService } from '../core/inference.js'
import type { Metrics } from './metrics.js'

/** What stands in the label `model` for names that no model has: a client must not be able to make up series. */
export const UNKNOWN_MODEL = 'unknown'

/** The same service, each request counted and timed. What it answers and throws is not changed. */
export function instrumentInference(inference: InferenceService, metrics: Pick<Metrics, 'requests'>): InferenceService {
  return {
    models: () => inference.models(),
    model: name => inference.model(name),
    async once(request, ctx) {
      const series = metrics.requests(labelOf(inference, request.model), ctx.protocol)
      const begin = performance.now()
      series.begin()
      try {
        const result = await inference.once(request, ctx)
        series.end('ok', performance.now() - begin)
        return result
      } catch (thrown) {
        series.end(toServiceError(thrown).reason, performance.now() - begin)
        throw thrown
      }
    },
  }
}

function labelOf(inference: InferenceService, name: string): string {
  try {
    return inference.model(name).name
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.reason === 'model_unknown') return UNKNOWN_MODEL
    throw thrown
  }
}
