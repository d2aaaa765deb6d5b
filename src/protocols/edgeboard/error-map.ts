import type { Reason, ServiceError } from '../../core/error.js'
import type { ErrorAnswer } from '../shared/http-front-end.js'

/**
 * How EdgeBoard's answers render a reason in `code`. Its documents say only that 0 is success: the numbers are our own,
 * 1xxx for what the caller can correct, 2xxx for what may pass by itself, 3xxx for failures of the model or the daemon.
 */
export const EDGEBOARD_CODES: Readonly<Record<Reason, number>> = {
  body_not_json: 1001,
  input_missing: 1002,
  payload_undecodable: 1003,
  parameter_missing: 1004,
  schema_violation: 1005,
  tensor_invalid: 1006,
  message_too_large: 1007,
  model_unknown: 1008,
  version_unknown: 1009,
  method_unknown: 1010,
  resource_unknown: 1011,
  ability_missing: 1012,
  path_unknown: 1013,
  method_not_allowed: 1014,
  unauthenticated: 1015,
  permission_denied: 1016,
  cancelled: 1017,
  message_undecodable: 1018,
  operation_unknown: 1019,
  frame_not_json: 1020,
  frame_missing: 1021,
  session_unknown: 1022,
  session_exists: 1023,
  session_ended: 1024,
  no_slot: 2001,
  not_ready: 2002,
  rate_limited: 2003,
  result_timeout: 2004,
  session_timeout: 2005,
  frame_timeout: 2006,
  reader_too_slow: 2007,
  plugin_crashed: 3001,
  wrapper_failed: 3002,
  plugin_call_failed: 3003,
  output_mismatch: 3004,
  misconfigured: 3005,
  internal: 3006,
}

/** A failure as the answer for one model, or for a whole request, has it. */
export interface EdgeBoardFailure {
  readonly code: number
  readonly msg: string
}

export function edgeBoardFailure({ reason, message, wrapperRet }: ServiceError): EdgeBoardFailure {
  const ret = reason === 'wrapper_failed' && wrapperRet !== undefined ? ` (code ${wrapperRet})` : ''
  return { code: EDGEBOARD_CODES[reason], msg: message + ret }
}

/** Renders a request that failed as a whole. */
export function edgeBoardError(error: ServiceError): ErrorAnswer {
  const failure = edgeBoardFailure(error)
  return { body: JSON.stringify(failure), code: failure.code }
}
