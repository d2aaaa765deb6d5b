import { type Reason, type ServiceError, TEMPORARY } from '../../core/error.js'

/** The HTTP status of every reason, for all front-ends that say with it why a request failed. */
export const HTTP_STATUS: Readonly<Record<Reason, number>> = {
  body_not_json: 400,
  payload_undecodable: 400,
  message_undecodable: 400,
  operation_unknown: 400,
  session_unknown: 404,
  session_exists: 409,
  session_ended: 410,
  session_timeout: 408,
  frame_timeout: 408,
  reader_too_slow: 408,
  frame_not_json: 400,
  frame_missing: 400,
  input_missing: 400,
  message_too_large: 413,
  method_not_allowed: 405,
  result_timeout: 504,
  parameter_missing: 400,
  output_mismatch: 502,
  schema_violation: 400,
  plugin_crashed: 502,
  no_slot: 503,
  not_ready: 503,
  cancelled: 499,
  wrapper_failed: 500,
  plugin_call_failed: 500,
  model_unknown: 404,
  version_unknown: 404,
  method_unknown: 404,
  resource_unknown: 404,
  ability_missing: 400,
  tensor_invalid: 400,
  unauthenticated: 401,
  permission_denied: 403,
  rate_limited: 429,
  path_unknown: 404,
  misconfigured: 500,
  internal: 500,
}

/** `Retry-After`: seconds after which a client may try again, for reasons that pass by themselves; 1 if nothing is known. */
export function retryAfterSeconds({ reason, retryAfterMs = 0 }: ServiceError): number | undefined {
  return TEMPORARY.has(reason) ? Math.max(1, Math.ceil(retryAfterMs / 1000)) : undefined
}
