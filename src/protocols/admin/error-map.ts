import type { Reason, ServiceError } from '../../core/error.js'
import type { ErrorAnswer } from '../shared/http-front-end.js'
import { HTTP_STATUS } from '../shared/http-status.js'

/** A wrapper that does not start is no fault of the daemon, whose own configuration was read long before. */
const WRAPPER_DOES_NOT_START = 422

/** Renders an error as `{"error": {"reason", "message"}}`, by the names of the catalogue. */
export function adminError({ reason, message }: ServiceError): ErrorAnswer {
  return { http: adminStatus(reason), body: JSON.stringify({ error: { reason, message } }) }
}

export function adminStatus(reason: Reason): number {
  return reason === 'misconfigured' ? WRAPPER_DOES_NOT_START : HTTP_STATUS[reason]
}
