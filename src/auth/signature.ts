import { createHmac } from 'node:crypto'
import { ServiceError } from '../core/error.js'
import type { Credentials } from './credentials.js'
import { digestOf, isSecret } from './secret-text.js'

/** How far the date of a signed request may be from the clock here, either way, in ms. Source: iFlytek's web API. */
export const MAX_CLOCK_SKEW_MS = 300_000

/** The parameters of a signature, as the header `authorization` has them. */
export interface Signature {
  readonly apiKey: string
  /** HMAC-SHA256 as base64. */
  readonly signature: string
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

/**
 * `name="value"`; some clients write single quotes. Names and blanks are bounded, because whoever sends this is not known yet:
 * without bounds a header of 16 KiB took a second to search.
 */
const PARAMETER = /(?<![a-z_])([a-z_]{1,20})\s{0,8}=\s{0,8}(?:"([^"]*)"|'([^']*)')/g

/** What has to be signed, in this order. */
const SIGNED = 'host date request-line'

const FORM = `api_key="…", algorithm="hmac-sha256", headers="${SIGNED}", signature="…"`

/**
 * Reads `api_key="…", algorithm="hmac-sha256", headers="host date request-line", signature="…"`, as base64 or as it
 * stands; the word `hmac` may come first, and `username` is an older name of `api_key`. Source: iFlytek's web API.
 * @throws ServiceError `unauthenticated` with what is wrong with it; it repeats nothing of what was sent
 */
export function parseSignature(authorization: string): Signature {
  const text = plainText(authorization.trim())
  const parameters = new Map([...text.matchAll(PARAMETER)].map(([, name, a, b]) => [name, a ?? b ?? '']))
  const apiKey = parameters.get('api_key') ?? parameters.get('username')
  const signature = parameters.get('signature')
  if (!apiKey || !signature) throw refused(`authorization: allowed are "Bearer <token>" and the base64 of ${FORM}`)
  if (parameters.get('algorithm')?.toLowerCase() !== 'hmac-sha256') {
    throw refused('authorization: algorithm must be hmac-sha256')
  }
  if (parameters.get('headers')?.trim().toLowerCase().split(/\s+/).join(' ') !== SIGNED) {
    throw refused(`authorization: headers must be "${SIGNED}"`)
  }
  return { apiKey, signature }
}

function plainText(authorization: string): string {
  if (/["']/.test(authorization)) return authorization
  if (BASE64.test(authorization)) return Buffer.from(authorization, 'base64').toString()
  throw refused('authorization: it is neither "Bearer <token>" nor base64')
}

/**
 * Says whether a request was signed with a secret: the signature is that of its host, its date and its request line.
 * How long it takes says nothing about the secret.
 * @throws ServiceError `unauthenticated` when date or host is missing, or the date is not of now
 */
export function isSignedWith(secret: string, { signature }: Signature, request: Credentials, now: number): boolean {
  const { date, host } = request
  if (!host) throw refused('a signed request needs "host", as a header or in the query')
  checkDate(date, now)
  // Clients sign the path as it stands on the line or decoded.
  const fits = [request.path, decoded(request.path)].map(path => {
    const text = `host: ${host}\ndate: ${date}\n${request.method} ${path} HTTP/1.1`
    const expected = createHmac('sha256', secret).update(text).digest('base64')
    return isSecret(signature, digestOf(expected))
  })
  return fits.includes(true)
}

function checkDate(date: string | undefined, now: number): void {
  // RFC 1123, which iFlytek's clients end in UTC, too.
  const isDate = /^[A-Z][a-z]{2}, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (GMT|UTC|\+0000)$/.test(date ?? '')
  const time = isDate ? Date.parse(date ?? '') : Number.NaN
  if (Number.isNaN(time)) {
    throw refused('a signed request needs "date", as a header or in the query, such as Wed, 10 Jul 2019 07:35:43 GMT')
  }
  if (Math.abs(time - now) > MAX_CLOCK_SKEW_MS) {
    throw refused(`date: it is more than ${MAX_CLOCK_SKEW_MS / 1000} s from ${new Date(now).toUTCString()}`)
  }
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function refused(message: string): ServiceError {
  return new ServiceError('unauthenticated', message)
}
