import { type ServiceError, TEMPORARY } from '../../core/error.js'
import { HTTP_STATUS } from './http-status.js'

/**
 * The level at which a failed request has a line in the log: `error` for what the operator may cure, `info` for what is
 * the caller's doing. Under overload there are thousands of refusals a second: each is told at `debug`, and the refusal
 * log (`telemetry/refusal-log.ts`) tells how many there were.
 */
export function failureLevel({ reason }: ServiceError): 'error' | 'info' | 'debug' {
  if (TEMPORARY.has(reason)) return 'debug'
  return HTTP_STATUS[reason] >= 500 ? 'error' : 'info'
}
