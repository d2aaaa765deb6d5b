import { type Reason, type ServiceError, toServiceError } from '../../core/error.js'

/** The number of each reason in `LoaderOutput.code`: those of the ASE protocol. */
export const XSF_CODES: Readonly<Record<Reason, number>> = {
  body_not_json: 10000,
  payload_undecodable: 10001,
  operation_unknown: 10003,
  session_unknown: 10008,
  session_timeout: 10019,
  session_ended: 10101,
  session_exists: 10105,
  frame_timeout: 10114,
  reader_too_slow: 10114,
  frame_not_json: 10163,
  frame_missing: 10300,
  input_missing: 10009,
  message_too_large: 10010,
  method_not_allowed: 10011,
  result_timeout: 10102,
  parameter_missing: 10106,
  output_mismatch: 10106,
  schema_violation: 10107,
  plugin_crashed: 10109,
  no_slot: 10110,
  not_ready: 10115,
  cancelled: 10117,
  message_undecodable: 10401,
  model_unknown: 10404,
  version_unknown: 10404,
  method_unknown: 10404,
  resource_unknown: 10404,
  ability_missing: 10003,
  tensor_invalid: 10107,
  unauthenticated: 10313,
  permission_denied: 10313,
  rate_limited: 10116,
  path_unknown: 10404,
  wrapper_failed: 10910,
  plugin_call_failed: 10910,
  misconfigured: 11502,
  internal: 11502,
}

/** What a caller learns of a failure. */
export interface XsfFailure {
  readonly code: number
  readonly text: string
  /** The caller should try another node: the reference repeats exactly such a failure outside the `LoaderOutput`. */
  readonly elsewhere: boolean
  readonly error: ServiceError
}

export function toXsfFailure(thrown: unknown): XsfFailure {
  const error = toServiceError(thrown)
  return { code: XSF_CODES[error.reason], text: failureText(error), elsewhere: error.reason === 'no_slot', error }
}

function failureText(error: ServiceError): string {
  // Golden transcript: callers know this text; whose limit it was is in the log.
  if (error.reason === 'result_timeout') return 'service exec once request timeout'
  // ASE protocol: the wrapper's own code follows its text.
  if (error.wrapperRet !== undefined) return `${error.message};code=${error.wrapperRet}`
  return error.message
}
