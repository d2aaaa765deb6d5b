import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'

/** The same service, which begins nothing new once it closes; what was begun goes on. */
export function refuseWhenClosing(inference: InferenceService, isClosing: () => boolean): InferenceService {
  const assertOpen = () => {
    if (isClosing()) throw new ServiceError('not_ready', 'the service is shutting down')
  }
  return {
    models: () => inference.models(),
    model: (name, version) => inference.model(name, version),
    async once(request, ctx) {
      assertOpen()
      return inference.once(request, ctx)
    },
    stream(request, ctx) {
      assertOpen()
      return inference.stream(request, ctx)
    },
    async open(request, ctx) {
      assertOpen()
      return inference.open(request, ctx)
    },
  }
}
