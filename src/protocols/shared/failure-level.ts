import type { Code, Reason, ServiceError } from '../../core/error.js'

/** Kinds of failure that are not the caller's doing. */
const SERVER_FAULTS: ReadonlySet<Code> = new Set<Code>([
  'internal',
  'unavailable',
  'failed_precondition',
  'resource_exhausted',
  'deadline_exceeded',
])

/** Of those kinds, and the caller's doing all the same. */
const CALLER_FAULTS: ReadonlySet<Reason> = new Set<Reason>([
  'session_ended',
  'session_timeout',
  'frame_timeout',
  'reader_too_slow',
])

/** The level at which a front-end without statuses of its own logs a failure: `error` for what the operator may cure. */
export function failureLevel({ code, reason }: ServiceError): 'error' | 'info' {
  return SERVER_FAULTS.has(code) && !CALLER_FAULTS.has(reason) ? 'error' : 'info'
}
