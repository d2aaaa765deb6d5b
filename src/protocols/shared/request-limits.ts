import type { IncomingHttpHeaders } from 'node:http'
import type { Metadata } from '@grpc/grpc-js'
import { ServiceError } from '../../core/error.js'
import type { RequestContext } from '../../core/inference.js'

/** How urgent a request is, as its client says it. */
export interface RequestLimits extends Pick<RequestContext, 'priority'> {
  /** How long the client waits for the answer, in ms. */
  readonly timeoutMs?: number
}

/** Header, and in lower case the key of gRPC metadata. */
const PRIORITY = 'X-Priority'
const TIMEOUT = 'X-Request-Timeout-Ms'

/** What most requests say. */
const NONE: RequestLimits = {}

/**
 * Reads `X-Request-Timeout-Ms` and `X-Priority`.
 * @throws ServiceError `parameter_missing` when one of them is not what it may be
 */
export function headerLimits(headers: IncomingHttpHeaders): RequestLimits {
  const timeout = headers['x-request-timeout-ms']
  const priority = headers['x-priority']
  if (timeout === undefined && priority === undefined) return NONE
  return {
    ...(timeout !== undefined && { timeoutMs: integer(TIMEOUT, String(timeout), 1, 2 ** 31 - 1) }),
    ...(priority !== undefined && { priority: toPriority(PRIORITY, String(priority)) }),
  }
}

/**
 * Reads the metadata `x-priority` of a gRPC call; its deadline is the call's own.
 * @throws ServiceError `parameter_missing` when it is not what it may be
 */
export function metadataPriority({ metadata }: { readonly metadata: Metadata }): Pick<RequestContext, 'priority'> {
  const [priority] = metadata.get(PRIORITY)
  return priority === undefined ? NONE : { priority: toPriority('x-priority', priority.toString()) }
}

function toPriority(name: string, text: string): number {
  return integer(name, text, 0, 9)
}

function integer(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min && value <= max) return value
  const message = `${name}: found ${JSON.stringify(text)}, allowed: an integer from ${min} to ${max}`
  throw new ServiceError('parameter_missing', message)
}
