import { type Reason, ServiceError, TEMPORARY, toServiceError } from '../core/error.js'
import {
  DEFAULT_PRIORITY,
  type InferenceRequest,
  type InferenceService,
  type RequestContext,
} from '../core/inference.js'
import { type OnEnd, watchResults, watchSession } from '../core/watched-session.js'
import type { Metrics } from './metrics.js'
import type { RefusalLog } from './refusal-log.js'

/** What stands in the label `model` for names that no model has: a client must not be able to make up series. */
export const UNKNOWN_MODEL = 'unknown'

/** What stands in the label `version` for requests that reach no version. */
export const NO_VERSION = ''

/** Failures that a request was counted with. */
const counted = new WeakSet<ServiceError>()

/** Whether a failure came out of an instrumented service, and so was counted there. */
export function wasCounted(error: ServiceError): boolean {
  return counted.has(error)
}

/** Passes on a failure of a request that was counted already: its result came, but cannot be rendered. */
export function alreadyCounted(thrown: unknown): never {
  if (thrown instanceof ServiceError) counted.add(thrown)
  throw thrown
}

/** There was no room for the request. */
const NO_ROOM: ReadonlySet<Reason> = new Set(['no_slot', 'rate_limited'])

/**
 * The same service, each request counted and timed, and the refused ones told of in the log; a session is one request,
 * from its opening to its end. What is answered and thrown is not changed.
 */
export function instrumentInference(
  inference: InferenceService,
  metrics: Pick<Metrics, 'requests' | 'turnedAway' | 'appRequest'>,
  refusals: Pick<RefusalLog, 'add'>,
): InferenceService {
  /** Counts a request as begun; the function that it returns counts it as ended, the first time that it is called. */
  const begin = ({ model, version }: Pick<InferenceRequest, 'model' | 'version'>, ctx: RequestContext): OnEnd => {
    const served = servedAs(inference, model, version)
    const series = metrics.requests(served.name, served.version, ctx.protocol)
    const begun = performance.now()
    let ended = false
    series.begin()
    return failure => {
      if (failure !== undefined) counted.add(failure)
      if (ended) return
      ended = true
      const code = failure?.reason ?? 'ok'
      series.end(code, performance.now() - begun)
      if (failure !== undefined && TEMPORARY.has(failure.reason)) refusals.add(served.name, failure)
      if (failure !== undefined && NO_ROOM.has(failure.reason)) {
        metrics.turnedAway(served.name, served.version, ctx.priority ?? DEFAULT_PRIORITY, failure.reason)
      }
      if (ctx.app !== undefined) metrics.appRequest(ctx.app, code)
    }
  }

  return {
    models: () => inference.models(),
    model: (name, version) => inference.model(name, version),
    async once(request, ctx) {
      const end = begin(request, ctx)
      try {
        const result = await inference.once(request, ctx)
        end()
        return result
      } catch (thrown) {
        end(toServiceError(thrown))
        throw thrown
      }
    },
    async *stream(request, ctx) {
      const end = begin(request, ctx)
      yield* watchResults(inference.stream(request, ctx), end)
    },
    async open(request, ctx) {
      const end = begin(request, ctx)
      try {
        return watchSession(await inference.open(request, ctx), end)
      } catch (thrown) {
        end(toServiceError(thrown))
        throw thrown
      }
    },
  }
}

/** An alias counts as its model. */
function servedAs(inference: InferenceService, name: string, version?: string): { name: string; version: string } {
  try {
    return inference.model(name, version)
  } catch (thrown) {
    if (!(thrown instanceof ServiceError)) throw thrown
    if (thrown.reason === 'model_unknown') return { name: UNKNOWN_MODEL, version: NO_VERSION }
    if (thrown.reason === 'version_unknown') return { name: inference.model(name).name, version: NO_VERSION }
    throw thrown
  }
}
