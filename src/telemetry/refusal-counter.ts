import type { Reason } from '../core/error.js'
import { UNKNOWN_MODEL } from './instrumented-inference.js'
import type { Metrics } from './metrics.js'

/**
 * Makes what counts the requests that a front-end refuses itself and that `instrumentInference` therefore never sees.
 * @returns takes the name of a model that the daemon knows, or undefined, and why the request was refused
 */
export function createRefusalCounter(
  metrics: Pick<Metrics, 'requests'>,
  protocol: string,
): (model: string | undefined, reason: Reason) => void {
  return (model = UNKNOWN_MODEL, reason) => metrics.requests(model, protocol).refuse(reason)
}
