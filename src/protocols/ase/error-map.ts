import { REASONS, type Reason, type ServiceError } from '../../core/error.js'

/** How ASE renders a reason: the number in `header.code` and the HTTP status. */
export interface AseError {
  readonly code: number
  readonly http: number
}

/**
 * Numbers of the ASE protocol and of the AIGES loader; 10010, 10011 and 10115 to 10117 in this use are our own.
 * Several reasons share a number, because the reference gives it several meanings.
 */
export const ASE_ERRORS: Readonly<Record<Reason, AseError>> = {
  body_not_json: { code: 10000, http: 400 },
  payload_undecodable: { code: 10001, http: 400 },
  message_undecodable: { code: 10401, http: 400 },
  operation_unknown: { code: 10003, http: 400 },
  session_unknown: { code: 10008, http: 404 },
  session_exists: { code: 10105, http: 409 },
  session_ended: { code: 10101, http: 410 },
  session_timeout: { code: 10019, http: 408 },
  frame_timeout: { code: 10114, http: 408 },
  reader_too_slow: { code: 10114, http: 408 },
  frame_not_json: { code: 10163, http: 400 },
  frame_missing: { code: 10300, http: 400 },
  input_missing: { code: 10009, http: 400 },
  message_too_large: { code: 10010, http: 413 },
  method_not_allowed: { code: 10011, http: 405 },
  result_timeout: { code: 10102, http: 504 },
  parameter_missing: { code: 10106, http: 400 },
  output_mismatch: { code: 10106, http: 502 },
  schema_violation: { code: 10107, http: 400 },
  plugin_crashed: { code: 10109, http: 502 },
  no_slot: { code: 10110, http: 503 },
  not_ready: { code: 10115, http: 503 },
  cancelled: { code: 10117, http: 499 },
  wrapper_failed: { code: 10910, http: 500 },
  plugin_call_failed: { code: 10910, http: 500 },
  model_unknown: { code: 10404, http: 404 },
  version_unknown: { code: 10404, http: 404 },
  method_unknown: { code: 10404, http: 404 },
  resource_unknown: { code: 10404, http: 404 },
  ability_missing: { code: 10003, http: 400 },
  tensor_invalid: { code: 10107, http: 400 },
  unauthenticated: { code: 10313, http: 401 },
  permission_denied: { code: 10313, http: 403 },
  rate_limited: { code: 10116, http: 429 },
  path_unknown: { code: 10404, http: 404 },
  misconfigured: { code: 11502, http: 500 },
  internal: { code: 11502, http: 500 },
}

/** Reasons that pass by themselves; their answers carry `Retry-After`. */
const TEMPORARY: ReadonlySet<Reason> = new Set(['no_slot', 'not_ready', 'rate_limited'])

/** Seconds after which a client may try again, for reasons that pass by themselves. */
export function retryAfterSeconds(reason: Reason): number | undefined {
  return TEMPORARY.has(reason) ? 1 : undefined
}

/** The text in `header.message`; a wrapper's own error ends in `;code=N` (golden transcript). */
export function aseMessage(error: ServiceError): string {
  const { message, reason, wrapperRet } = error
  return reason === 'wrapper_failed' && wrapperRet !== undefined ? `${message};code=${wrapperRet}` : message
}

/** All reasons by the HTTP status that they get, lowest status first. */
export function reasonsByStatus(): ReadonlyMap<number, readonly Reason[]> {
  const reasons = Object.keys(REASONS) as Reason[]
  const statuses = [...new Set(reasons.map(reason => ASE_ERRORS[reason].http))].sort((a, b) => a - b)
  return new Map(statuses.map(http => [http, reasons.filter(reason => ASE_ERRORS[reason].http === http)]))
}
