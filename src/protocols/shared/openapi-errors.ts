import { REASONS, type Reason } from '../../core/error.js'
import type { JsonObject } from '../../core/model.js'
import { HTTP_STATUS } from './http-status.js'

/** Why any operation may fail: no app, a method that its path does not take, a fault of ours. */
export const COMMON_REASONS: readonly Reason[] = ['unauthenticated', 'method_not_allowed', 'internal']

/** Further ones, where the path names a model. */
export const MODEL_REASONS: readonly Reason[] = ['model_unknown', 'version_unknown', 'path_unknown']

/** Further ones, where there is a body in JSON. */
export const BODY_REASONS: readonly Reason[] = ['body_not_json', 'schema_violation', 'message_too_large']

/** Those that only sessions and their frames have, and those who read too slowly. */
const NOT_OF_CALLS: ReadonlySet<Reason> = new Set([
  'session_unknown',
  'session_exists',
  'session_ended',
  'session_timeout',
  'frame_timeout',
  'frame_not_json',
  'frame_missing',
  'reader_too_slow',
])

/** Why an operation may fail that runs a model and gives its one result. */
export const CALL_REASONS = (Object.keys(REASONS) as Reason[]).filter(reason => !NOT_OF_CALLS.has(reason))

/**
 * The answers of an operation that fails, by status: each is the same response of `#/components/responses`.
 * @param statusOf default: `HTTP_STATUS`
 */
export function errorResponses(
  response: string,
  reasons: readonly Reason[],
  statusOf: (reason: Reason) => number = reason => HTTP_STATUS[reason],
): JsonObject {
  // Who cancelled a request gets no answer to read.
  const read = reasons.filter(reason => reason !== 'cancelled')
  return Object.fromEntries(read.map(reason => [statusOf(reason), { $ref: `#/components/responses/${response}` }]))
}
