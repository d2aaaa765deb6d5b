import { type ServiceError, TEMPORARY } from '../core/error.js'
import { NO_VERSION, UNKNOWN_MODEL, wasCounted } from './instrumented-inference.js'
import type { Metrics } from './metrics.js'
import type { RefusalLog } from './refusal-log.js'

/**
 * Makes what counts, and tells of, the requests that front-ends refuse themselves, which `instrumentInference` never
 * sees. It may be told of every failure: those that were counted there are not counted again.
 * @returns takes the front-end's name, the name of a model that the daemon knows, or undefined, and why the request failed
 */
export function createRefusalCounter(
  metrics: Pick<Metrics, 'requests'>,
  refusals: Pick<RefusalLog, 'add'>,
): (protocol: string, model: string | undefined, error: ServiceError) => void {
  return (protocol, model = UNKNOWN_MODEL, error) => {
    if (wasCounted(error)) return
    metrics.requests(model, NO_VERSION, protocol).refuse(error.reason)
    if (TEMPORARY.has(error.reason)) refusals.add(model, error)
  }
}
