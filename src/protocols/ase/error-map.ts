import { REASONS, type Reason, type ServiceError } from '../../core/error.js'
import { HTTP_STATUS } from '../shared/http-status.js'

/** How ASE renders a reason: the number in `header.code` and the HTTP status. */
export interface AseError {
  readonly code: number
  readonly http: number
}

/**
 * Numbers of the ASE protocol and of the AIGES loader; 10010, 10011 and 10115 to 10117 in this use are our own.
 * Several reasons share a number, because the reference gives it several meanings.
 */
const CODES: Readonly<Record<Reason, number>> = {
  body_not_json: 10000,
  payload_undecodable: 10001,
  message_undecodable: 10401,
  operation_unknown: 10003,
  session_unknown: 10008,
  session_exists: 10105,
  session_ended: 10101,
  session_timeout: 10019,
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
  wrapper_failed: 10910,
  plugin_call_failed: 10910,
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
  misconfigured: 11502,
  internal: 11502,
}

/** Numbers and HTTP statuses by reason. */
export const ASE_ERRORS = Object.fromEntries(
  Object.entries(CODES).map(([reason, code]) => [reason, { code, http: HTTP_STATUS[reason as Reason] }]),
) as Readonly<Record<Reason, AseError>>

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
