import { Metadata, status } from '@grpc/grpc-js'
import { type Reason, type ServiceError, toServiceError } from '../../core/error.js'

/** How aiges.v1 renders a reason: the gRPC status, and the number of the ASE protocol in `aiges-code`. */
export interface AigesV1Error {
  readonly status: status
  readonly code: number
}

export const AIGES_V1_ERRORS: Readonly<Record<Reason, AigesV1Error>> = {
  body_not_json: { status: status.INVALID_ARGUMENT, code: 10000 },
  payload_undecodable: { status: status.INVALID_ARGUMENT, code: 10001 },
  operation_unknown: { status: status.UNIMPLEMENTED, code: 10003 },
  session_unknown: { status: status.NOT_FOUND, code: 10008 },
  input_missing: { status: status.INVALID_ARGUMENT, code: 10009 },
  // What gRPC itself answers past its limit.
  message_too_large: { status: status.RESOURCE_EXHAUSTED, code: 10010 },
  method_not_allowed: { status: status.UNIMPLEMENTED, code: 10011 },
  session_timeout: { status: status.DEADLINE_EXCEEDED, code: 10019 },
  session_ended: { status: status.FAILED_PRECONDITION, code: 10101 },
  result_timeout: { status: status.DEADLINE_EXCEEDED, code: 10102 },
  session_exists: { status: status.ALREADY_EXISTS, code: 10105 },
  parameter_missing: { status: status.INVALID_ARGUMENT, code: 10106 },
  output_mismatch: { status: status.INTERNAL, code: 10106 },
  schema_violation: { status: status.INVALID_ARGUMENT, code: 10107 },
  plugin_crashed: { status: status.UNAVAILABLE, code: 10109 },
  no_slot: { status: status.RESOURCE_EXHAUSTED, code: 10110 },
  frame_timeout: { status: status.DEADLINE_EXCEEDED, code: 10114 },
  reader_too_slow: { status: status.RESOURCE_EXHAUSTED, code: 10114 },
  not_ready: { status: status.UNAVAILABLE, code: 10115 },
  cancelled: { status: status.CANCELLED, code: 10117 },
  frame_not_json: { status: status.INVALID_ARGUMENT, code: 10163 },
  frame_missing: { status: status.ABORTED, code: 10300 },
  message_undecodable: { status: status.INVALID_ARGUMENT, code: 10401 },
  model_unknown: { status: status.NOT_FOUND, code: 10404 },
  version_unknown: { status: status.NOT_FOUND, code: 10404 },
  method_unknown: { status: status.NOT_FOUND, code: 10404 },
  resource_unknown: { status: status.NOT_FOUND, code: 10404 },
  ability_missing: { status: status.UNIMPLEMENTED, code: 10003 },
  tensor_invalid: { status: status.INVALID_ARGUMENT, code: 10107 },
  unauthenticated: { status: status.UNAUTHENTICATED, code: 10313 },
  permission_denied: { status: status.PERMISSION_DENIED, code: 10313 },
  rate_limited: { status: status.RESOURCE_EXHAUSTED, code: 10116 },
  path_unknown: { status: status.NOT_FOUND, code: 10404 },
  wrapper_failed: { status: status.INTERNAL, code: 10910 },
  plugin_call_failed: { status: status.INTERNAL, code: 10910 },
  misconfigured: { status: status.FAILED_PRECONDITION, code: 11502 },
  internal: { status: status.INTERNAL, code: 11502 },
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
  const { status: code, code: number } = AIGES_V1_ERRORS[error.reason]
  const metadata = new Metadata()
  metadata.set('aiges-code', String(number))
  metadata.set('aiges-reason', error.reason)
  if (/^[\x21-\x7e]+$/.test(sid)) metadata.set('aiges-sid', sid)
  if (error.wrapperRet !== undefined) metadata.set('aiges-wrapper-code', String(error.wrapperRet))
  return { code, details: error.message, metadata, error }
}
