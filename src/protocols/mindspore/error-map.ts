import type { Reason, ServiceError } from '../../core/error.js'
import type { ErrorAnswer } from '../shared/http-front-end.js'
import { HTTP_STATUS } from '../shared/http-status.js'
import { encodeFailure } from './answer.js'

/** How a reason is worded in front of its message. Clients of MindSpore Serving look for these words. */
export const MINDSPORE_WORDING: Readonly<Record<Reason, string>> = {
  body_not_json: 'Parse request failed, Illegal JSON format. ',
  payload_undecodable: 'Parse request failed, ',
  message_undecodable: 'Parse request failed, ',
  operation_unknown: 'Parse request failed, ',
  session_unknown: '',
  session_exists: '',
  session_ended: '',
  session_timeout: '',
  frame_timeout: '',
  reader_too_slow: '',
  frame_not_json: 'Parse request failed, Illegal JSON format. ',
  frame_missing: '',
  input_missing: 'Parse request failed, ',
  message_too_large: '',
  method_not_allowed: '',
  result_timeout: 'Time out: ',
  parameter_missing: 'Parse request failed, ',
  output_mismatch: '',
  schema_violation: 'Parse request failed, ',
  plugin_crashed: '',
  no_slot: '',
  not_ready: 'servable is not available: ',
  cancelled: '',
  wrapper_failed: '',
  plugin_call_failed: '',
  model_unknown: 'servable is not available: ',
  version_unknown: 'servable is not available: ',
  method_unknown: 'method is not available: ',
  resource_unknown: '',
  ability_missing: 'method is not available: ',
  tensor_invalid: 'Parse request failed, ',
  unauthenticated: '',
  permission_denied: '',
  rate_limited: '',
  path_unknown: '',
  misconfigured: '',
  internal: '',
}

/** What the daemon refuses a request with before a model has begun to work on it; if all instances are, the request is. */
export const NOT_ADMITTED: readonly Reason[] = [
  'not_ready',
  'no_slot',
  'rate_limited',
  'permission_denied',
  'cancelled',
]

/** The text of `error_msg`, with the wrapper's own number where there is one. */
export function mindSporeMessage({ reason, message, wrapperRet }: ServiceError): string {
  const ret = reason === 'wrapper_failed' && wrapperRet !== undefined ? ` (code ${wrapperRet})` : ''
  return MINDSPORE_WORDING[reason] + message + ret
}

/**
 * Renders a request that failed as a whole; MindSpore Serving answers all of them with 200.
 * @param bodyLimitBytes largest body
 */
export function mindSporeError(error: ServiceError, bodyLimitBytes: number): ErrorAnswer {
  return { http: mindSporeStatus(error.reason), body: encodeFailure(wholeMessage(error, bodyLimitBytes)) }
}

export function mindSporeStatus(reason: Reason): number {
  return reason === 'method_not_allowed' ? 400 : HTTP_STATUS[reason]
}

function wholeMessage(error: ServiceError, bodyLimitBytes: number): string {
  if (error.reason === 'message_too_large') return `http message is bigger than ${bodyLimitBytes}`
  if (error.reason === 'method_not_allowed') return 'http message only support POST right now'
  return mindSporeMessage(error)
}
