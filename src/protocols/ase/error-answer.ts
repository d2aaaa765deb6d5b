import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { type Reason, ServiceError, toServiceError } from '../../core/error.js'
import { encodeError } from './codec.js'
import { ASE_ERRORS, aseMessage, retryAfterSeconds } from './error-map.js'

export type ErrorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply) => void

/** Content type of every ASE answer. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/**
 * Makes the handler that answers every error in the form of ASE and logs it. Set it on the root of the HTTP server, it
 * also covers what goes wrong before a route is found.
 * @param onError is told of every one of them
 */
export function aseErrorHandler(
  log: Logger,
  onError: (request: FastifyRequest, error: ServiceError) => void,
): ErrorHandler {
  return (thrown, request, reply) => {
    const error = fromFastify(thrown, request)
    onError(request, error)
    const { code, http } = ASE_ERRORS[error.reason]
    const sid = request.id
    logError(log, error, { sid, method: request.method, path: request.url })
    if (error.reason === 'cancelled' && reply.raw.destroyed) {
      reply.hijack()
      return
    }
    const retryAfter = retryAfterSeconds(error.reason)
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
    reply
      .code(http)
      .header('content-type', JSON_TYPE)
      .send(encodeError(code, aseMessage(error), sid))
  }
}

/** Which request it was that went wrong. */
export interface FailedRequest {
  readonly sid: string
  readonly method: string
  readonly path: string
}

/** Logs an error in one line: what is the server's fault at `error`, the rest at `info`. */
export function logError(log: Logger, error: ServiceError, { sid, ...request }: FailedRequest): void {
  const { code, http } = ASE_ERRORS[error.reason]
  const entry = {
    sid,
    reason: error.reason,
    code,
    ...request,
    ...(error.wrapperRet !== undefined && { ret: error.wrapperRet }),
    ...(error.cause !== undefined && { err: error.cause }),
  }
  if (http >= 500) log.error(entry, error.message)
  else log.info(entry, error.message)
}

/** What fastify itself refuses, by its error code. */
const FASTIFY_REASONS: Readonly<Record<string, Reason>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'message_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'body_not_json',
  FST_ERR_BAD_URL: 'path_unknown',
  FST_ERR_MAX_PARAM_LENGTH: 'path_unknown',
  FST_ERR_NOT_FOUND: 'path_unknown',
}

function fromFastify(thrown: unknown, request: FastifyRequest): ServiceError {
  if (!(thrown instanceof Error) || thrown instanceof ServiceError) return toServiceError(thrown)
  if (request.raw.destroyed && !request.raw.complete) return new ServiceError('cancelled')
  const reason = FASTIFY_REASONS[(thrown as NodeJS.ErrnoException).code ?? '']
  return reason === undefined ? toServiceError(thrown) : new ServiceError(reason, thrown.message)
}
