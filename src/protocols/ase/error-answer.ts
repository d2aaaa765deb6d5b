import type { Logger } from 'pino'
import type { ServiceError } from '../../core/error.js'
import { type FailedRequest, logFailure } from '../shared/failure.js'
import type { ErrorAnswer } from '../shared/http-front-end.js'
import { encodeError } from './codec.js'
import { ASE_ERRORS, aseMessage } from './error-map.js'

/** Renders an error in the form of ASE. */
export function aseError(error: ServiceError, sid: string): ErrorAnswer {
  const { code } = ASE_ERRORS[error.reason]
  return { code, body: encodeError(code, aseMessage(error), sid) }
}

/** Logs an error with its ASE number. */
export function logError(log: Logger, error: ServiceError, request: FailedRequest): void {
  logFailure(log, error, { ...request, code: ASE_ERRORS[error.reason].code })
}
