import type { FastifyError, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { type Reason, ServiceError, toServiceError } from '../../core/error.js'
import { failureLevel } from './failure-level.js'

/** Which request it was that went wrong. */
export interface FailedRequest {
  readonly sid: string
  readonly method: string
  readonly path: string
  /** The number that the client sees, where its protocol has numbers of its own. */
  readonly code?: number
}

/** Logs a failed HTTP request in one line, at its `failureLevel`. */
export function logFailure(log: Logger, error: ServiceError, { sid, path, ...request }: FailedRequest): void {
  const level = failureLevel(error)
  if (!log.isLevelEnabled(level)) return
  const entry = {
    sid,
    reason: error.reason,
    ...request,
    // Clients of ASE sign in the query even where nobody asks them to, and a signature holds for some minutes.
    path: path.replace(/([?&]authorization=)[^&]*/gi, '$1…'),
    ...(error.wrapperRet !== undefined && { ret: error.wrapperRet }),
    ...(error.cause !== undefined && { err: error.cause }),
  }
  log[level](entry, error.message)
}

/** What fastify itself refuses, by its error code. */
const FASTIFY_REASONS: Readonly<Record<string, Reason>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'message_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_not_json',
  FST_ERR_BAD_URL: 'path_unknown',
  FST_ERR_MAX_PARAM_LENGTH: 'path_unknown',
  FST_ERR_NOT_FOUND: 'path_unknown',
}

/** Turns what fastify or a route threw into a ServiceError. */
export function failureOf(thrown: unknown, request: FastifyRequest): ServiceError {
  if (!(thrown instanceof Error) || thrown instanceof ServiceError) return toServiceError(thrown)
  if (request.raw.destroyed && !request.raw.complete) return new ServiceError('cancelled')
  const { code = '', statusCode } = thrown as Partial<FastifyError>
  const reason = FASTIFY_REASONS[code]
  // What serves files refuses paths that lead out of its folder, and so on.
  if (reason === undefined && isRefusal(statusCode)) return new ServiceError('path_unknown')
  if (reason === undefined) return toServiceError(thrown)
  return new ServiceError(reason, reason === 'message_too_large' ? tooLarge(request) : thrown.message)
}

function isRefusal(statusCode = 500): boolean {
  return statusCode >= 400 && statusCode < 500
}

function tooLarge({ server }: FastifyRequest): string {
  return `the body is larger than ${server.initialConfig.bodyLimit} bytes ([http] bodyLimitMiB)`
}
