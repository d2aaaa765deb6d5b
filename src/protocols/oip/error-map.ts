import { Metadata, type status } from '@grpc/grpc-js'
import { type ServiceError, toServiceError } from '../../core/error.js'
import { GRPC_STATUS } from '../shared/grpc-status.js'
import type { ErrorAnswer } from '../shared/http-front-end.js'

/** An error over HTTP; its status is that of the reason. */
export function oipError({ message }: ServiceError): ErrorAnswer {
  return { body: JSON.stringify({ error: message }) }
}

/** What a caller over gRPC learns of a failure. */
export interface OipFailure {
  readonly code: status
  readonly details: string
  /** `aiges-reason`, the name of the reason, and `aiges-sid`, under which the log has the failure. */
  readonly metadata: Metadata
}

export function toOipFailure(thrown: unknown, sid: string): OipFailure & { readonly error: ServiceError } {
  const error = toServiceError(thrown)
  const metadata = new Metadata()
  metadata.set('aiges-reason', error.reason)
  metadata.set('aiges-sid', sid)
  return { code: GRPC_STATUS[error.reason], details: error.message, metadata, error }
}
