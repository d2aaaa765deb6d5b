/** Protocol-neutral kinds of failure; each front-end maps reasons, not kinds, to its own numbers. */
export type Code =
  | 'invalid_argument'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'unauthenticated'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'deadline_exceeded'
  | 'cancelled'

interface ReasonEntry {
  readonly code: Code
  readonly meaning: string
  /** What the one who meets it can do. */
  readonly cure: string
}

/** The closed catalogue: every error that leaves the daemon has one of these reasons. */
export const REASONS = {
  body_not_json: {
    code: 'invalid_argument',
    meaning: 'the body is not a JSON object',
    cure: 'send one JSON object, UTF-8 encoded',
  },
  payload_undecodable: {
    code: 'invalid_argument',
    meaning: 'a payload cannot be decoded (base64, charset, gzip)',
    cure: 'check the encoding of the payload that the message names',
  },
  message_undecodable: {
    code: 'invalid_argument',
    meaning: 'a protobuf message cannot be decoded',
    cure: 'send a serialized message of the type that the operation takes',
  },
  operation_unknown: {
    code: 'unimplemented',
    meaning: 'unknown operation',
    cure: 'use one of the operations that the message lists',
  },
  session_unknown: {
    code: 'not_found',
    meaning: 'unknown session handle',
    cure: 'open a session first, and send its handle to the daemon that opened it',
  },
  session_exists: {
    code: 'already_exists',
    meaning: 'the handle is already open',
    cure: 'use another handle, or continue the session with a higher SeqNo',
  },
  session_ended: {
    code: 'failed_precondition',
    meaning: 'the session has already ended',
    cure: 'open a new session',
  },
  session_timeout: {
    code: 'deadline_exceeded',
    meaning: 'the session timed out',
    cure: 'send or fetch more often than [fc] ttl says',
  },
  frame_timeout: {
    code: 'deadline_exceeded',
    meaning: 'no frame in time, or the session is too old',
    cure: 'send frames more often, or raise [ws] readTimeout and sessionTimeout',
  },
  reader_too_slow: {
    code: 'resource_exhausted',
    meaning: 'the client reads more slowly than results come',
    cure: 'read the results as they come',
  },
  frame_not_json: {
    code: 'invalid_argument',
    meaning: 'the frame is not a JSON object',
    cure: 'send one JSON object a frame, UTF-8 encoded',
  },
  frame_missing: {
    code: 'aborted',
    meaning: 'a frame was missing for too long, or too many came early',
    cure: 'send every frame, numbered without gaps',
  },
  input_missing: {
    code: 'invalid_argument',
    meaning: 'no usable input data',
    cure: 'send at least one payload with data',
  },
  message_too_large: {
    code: 'out_of_range',
    meaning: 'the body or frame is larger than the limit',
    cure: 'send less, or raise [http] bodyLimitMiB',
  },
  method_not_allowed: {
    code: 'unimplemented',
    meaning: 'the path does not take this HTTP method',
    cure: 'use a method that the Allow header names',
  },
  result_timeout: {
    code: 'deadline_exceeded',
    meaning: 'no result in time',
    cure: 'allow more time ([aiges] onceTimeoutMs, waitTime) or make the wrapper faster',
  },
  parameter_missing: {
    code: 'invalid_argument',
    meaning: 'a required parameter is absent',
    cure: 'send the parameter that the message names',
  },
  output_mismatch: {
    code: 'internal',
    meaning: "the wrapper's output does not fit what was asked",
    cure: 'ask for outputs and types that the wrapper has; the message names them',
  },
  schema_violation: {
    code: 'invalid_argument',
    meaning: "the request does not satisfy the wrapper's schema",
    cure: 'correct the value at the path that the message names',
  },
  plugin_crashed: {
    code: 'unavailable',
    meaning: 'the plugin crashed while it worked on this',
    cure: "look for the wrapper's last lines in the log; the request may be sent again",
  },
  no_slot: {
    code: 'resource_exhausted',
    meaning: 'no free licence slot, or the queue is full',
    cure: 'try again later; the operator can raise [fc] max and [fc] queue',
  },
  not_ready: {
    code: 'unavailable',
    meaning: 'not ready, draining or shutting down',
    cure: 'try again later; /readyz says why',
  },
  cancelled: {
    code: 'cancelled',
    meaning: 'cancelled by the client',
    cure: 'nothing: the client went away',
  },
  wrapper_failed: {
    code: 'internal',
    meaning: 'the wrapper answered with a code of its own',
    cure: "the message is the wrapper's; see its log",
  },
  plugin_call_failed: {
    code: 'internal',
    meaning: 'the call to the plugin failed while the plugin lives',
    cure: "look for the wrapper's traceback in the log",
  },
  model_unknown: {
    code: 'not_found',
    meaning: 'no such service',
    cure: 'use one of the services that the message lists',
  },
  version_unknown: {
    code: 'not_found',
    meaning: 'the model has no such version',
    cure: 'use one of the versions that the message lists, or none for the newest',
  },
  method_unknown: {
    code: 'not_found',
    meaning: 'the model has no such method',
    cure: 'use one of the methods that the message lists',
  },
  resource_unknown: {
    code: 'not_found',
    meaning: 'no such resource is loaded',
    cure: 'load the resource first, and name it by the id that was given for it',
  },
  ability_missing: {
    code: 'unimplemented',
    meaning: 'the wrapper cannot do this',
    cure: 'use a model whose wrapper has the ability that the message names',
  },
  tensor_invalid: {
    code: 'invalid_argument',
    meaning: "a tensor's datatype, shape and data do not fit together, or not what the model takes",
    cure: 'correct the tensor that the message names',
  },
  unauthenticated: {
    code: 'unauthenticated',
    meaning: 'no valid token or signature',
    cure: 'send a token, or sign the request, as the message says',
  },
  permission_denied: {
    code: 'permission_denied',
    meaning: 'this app may not do this',
    cure: 'ask the operator to allow it for the app in [auth]',
  },
  rate_limited: {
    code: 'resource_exhausted',
    meaning: 'a limit of the app, or the rate limit of the service, is reached',
    cure: 'send less often, or less at once; Retry-After says when to try again',
  },
  path_unknown: {
    code: 'not_found',
    meaning: 'no such path',
    cure: 'open / in a browser to see the paths that exist',
  },
  misconfigured: {
    code: 'failed_precondition',
    meaning: 'the server is misconfigured',
    cure: 'correct the configuration where the message points',
  },
  internal: {
    code: 'internal',
    meaning: 'a fault in the daemon itself',
    cure: 'look for the sid in the log and report what stands there',
  },
} as const satisfies Record<string, ReasonEntry>

export type Reason = keyof typeof REASONS

/** Reasons that pass by themselves: nothing was wrong with the request, there was no room for it. */
export const TEMPORARY: ReadonlySet<Reason> = new Set(['no_slot', 'not_ready', 'rate_limited'])

export interface ServiceErrorOptions {
  readonly cause?: unknown
  /** The wrapper's own return code. */
  readonly wrapperRet?: number
  /** After how long it may go better, in ms, for reasons that pass by themselves. */
  readonly retryAfterMs?: number
}

/** Most letters of a message. It may repeat what a client sent, and stands in headers and in the log. */
const MAX_MESSAGE = 2000

/** The only error that crosses a seam. `message` is fit for the client; `cause` is for the log. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError'
  readonly wrapperRet: number | undefined
  readonly retryAfterMs: number | undefined

  constructor(
    readonly reason: Reason,
    message: string = REASONS[reason].meaning,
    options: ServiceErrorOptions = {},
  ) {
    super(shortened(message), options.cause === undefined ? undefined : { cause: options.cause })
    this.wrapperRet = options.wrapperRet
    this.retryAfterMs = options.retryAfterMs
  }

  get code(): Code {
    return REASONS[this.reason].code
  }
}

/** Half of a letter that has two units could not be sent in a header. */
function shortened(message: string): string {
  return message.length <= MAX_MESSAGE ? message : `${message.slice(0, MAX_MESSAGE).replace(/[\ud800-\udbff]$/, '')}…`
}

/** Turns whatever was thrown into a ServiceError; what is none becomes `internal` with a fixed text. */
export function toServiceError(thrown: unknown): ServiceError {
  return thrown instanceof ServiceError ? thrown : new ServiceError('internal', 'internal error', { cause: thrown })
}
