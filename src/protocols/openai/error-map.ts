import type { Reason, ServiceError } from '../../core/error.js'
import type { ErrorAnswer } from '../shared/http-front-end.js'

/** How the error object of OpenAI's API names a reason. */
export interface OpenAiError {
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'rate_limit_error'
    | 'api_error'
  readonly code: string
}

const invalid = (code: string): OpenAiError => ({ type: 'invalid_request_error', code })
const failed = (code: string): OpenAiError => ({ type: 'api_error', code })

/** The code is the reason's name, but where OpenAI's API has a name for the same that clients look for. */
export const OPENAI_ERRORS: Readonly<Record<Reason, OpenAiError>> = {
  body_not_json: invalid('body_not_json'),
  payload_undecodable: invalid('payload_undecodable'),
  message_undecodable: invalid('message_undecodable'),
  operation_unknown: invalid('operation_unknown'),
  session_unknown: invalid('session_unknown'),
  session_exists: invalid('session_exists'),
  session_ended: invalid('session_ended'),
  session_timeout: failed('session_timeout'),
  frame_timeout: failed('frame_timeout'),
  reader_too_slow: invalid('reader_too_slow'),
  frame_not_json: invalid('frame_not_json'),
  frame_missing: invalid('frame_missing'),
  input_missing: invalid('input_missing'),
  message_too_large: invalid('message_too_large'),
  method_not_allowed: invalid('method_not_allowed'),
  result_timeout: failed('result_timeout'),
  parameter_missing: invalid('parameter_missing'),
  output_mismatch: failed('output_mismatch'),
  schema_violation: invalid('schema_violation'),
  plugin_crashed: failed('plugin_crashed'),
  no_slot: failed('no_slot'),
  not_ready: failed('not_ready'),
  cancelled: invalid('cancelled'),
  wrapper_failed: failed('wrapper_failed'),
  plugin_call_failed: failed('plugin_call_failed'),
  model_unknown: invalid('model_not_found'),
  version_unknown: invalid('model_not_found'),
  method_unknown: invalid('method_unknown'),
  resource_unknown: invalid('resource_unknown'),
  ability_missing: invalid('ability_missing'),
  tensor_invalid: invalid('tensor_invalid'),
  unauthenticated: { type: 'authentication_error', code: 'invalid_api_key' },
  permission_denied: { type: 'permission_error', code: 'permission_denied' },
  rate_limited: { type: 'rate_limit_error', code: 'rate_limit_exceeded' },
  path_unknown: invalid('path_unknown'),
  misconfigured: failed('misconfigured'),
  internal: failed('internal'),
}

/** Reasons whose message may begin with the member of the request that is wrong: `messages[0].role: …`. */
const ABOUT_A_MEMBER: ReadonlySet<Reason> = new Set(['schema_violation', 'parameter_missing', 'input_missing'])

/** The error object, as JSON text. */
export function encodeError(error: ServiceError): string {
  const { message, reason } = error
  const { type, code } = OPENAI_ERRORS[reason]
  const member = ABOUT_A_MEMBER.has(reason) ? /^([\w.[\]]+): /.exec(message)?.[1] : undefined
  return JSON.stringify({ error: { message, type, param: member ?? null, code } })
}

export function openAiError(error: ServiceError): ErrorAnswer {
  return { body: encodeError(error) }
}
