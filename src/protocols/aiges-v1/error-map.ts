import { Metadata, type status } from '@grpc/grpc-js'
import { type Reason, type ServiceError, toServiceError } from '../../core/error.js'
import { GRPC_STATUS } from '../shared/grpc-status.js'

/** The number of the ASE protocol that a reason has in `aiges-code`. */
export const AIGES_V1_CODES: Readonly<Record<Reason, number>> = {
  body_not_json: 10000,
  payload_undecodable: 10001,
  operation_unknown: 10003,
  session_unknown: 10008,
  input_missing: 10009,
  message_too_large: 10010,
  method_not_allowed: 10011,
  session_timeout: 10019,
  session_ended: 10101,
  result_timeout: 10102,
  session_exists: 10105,
  parameter_missing: 10106,
  output_mismatch: 10106,
  schema_violation: 10107,
  plugin_crashed: 10109,
  no_slot: 10110,
  frame_timeout: 10114,
  reader_too_slow: 10114,
  not_ready: 10115,
  cancelled: 10117,
  frame_not_json: 10163,
  frame_missing: 10300,
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
export interface RpcFailure {
  readonly code: status
  readonly details: string
  /** Trailing metadata, as aiges-v1.proto describes them. */
  readonly metadata: Metadata
}

/** @param sid goes into the metadata if it is printable ASCII, which is what metadata can hold */
export function toRpcFailure(thrown: unknown, sid: string): RpcFailure & { readonly error: ServiceError } {
  const error = toServiceError(thrown)
  const metadata = new Metadata()
  metadata.set('aiges-code', String(AIGES_V1_CODES[error.reason]))
  metadata.set('aiges-reason', error.reason)
  if (/^[\x21-\x7e]+$/.test(sid)) metadata.set('aiges-sid', sid)
  if (error.wrapperRet !== undefined) metadata.set('aiges-wrapper-code', String(error.wrapperRet))
  return { code: GRPC_STATUS[error.reason], details: error.message, metadata, error }
}
