import { ServiceError } from '../../core/error.js'
import type { InferenceResult } from '../../core/inference.js'
import type { JsonObject } from '../../core/model.js'
import { type Accept, type Payload, Status } from '../../core/payload.js'
import { type AseBody, decodeEntries, decodeStatus, parseBody } from './codec.js'

/** A piece of a session's input, as it came over a WebSocket. */
export interface AseFrame {
  readonly body: AseBody
  readonly payloads: readonly Payload[]
  /** No further frame follows. */
  readonly last: boolean
}

/**
 * Parses a frame: the JSON of a once request, of which a later frame may leave out header and parameter. The frame's
 * status is that of the header, else that of its payloads; 2 (and 3) make it the last one.
 * @param first whether it begins the session
 * @throws ServiceError `frame_not_json`, `payload_undecodable`, `input_missing`, `schema_violation`, or
 *   `session_unknown` when it names another session than `sid`
 */
export function parseFrame(data: Buffer, sid: string, first: boolean): AseFrame {
  const body = parseBody(data, 'frame_not_json')
  const named = body.header['sid'] ?? ''
  if (named !== '' && named !== sid) {
    throw new ServiceError('session_unknown', `header.sid: this connection carries the session ${sid}`)
  }
  const status = headerStatus(body.header, first)
  const payloads = decodeEntries(body, status ?? (first ? Status.begin : Status.continue))
  const ends = payloads.length > 0 && payloads.every(payload => isLast(payload.status))
  return { body, payloads, last: status === undefined ? ends : isLast(status) }
}

function headerStatus(header: JsonObject, first: boolean): Status | undefined {
  const value = header['status'] ?? undefined
  const status = decodeStatus(value === undefined ? undefined : String(value), 'header')
  if (first && status === Status.continue) {
    throw new ServiceError('schema_violation', 'header.status: must be 0, 2 or 3 in the first frame')
  }
  if (!first && status === Status.begin) {
    throw new ServiceError('schema_violation', 'header.status: must be 1, 2 or 3, because the session has begun')
  }
  return status
}

function isLast(status: Status): boolean {
  return status === Status.end || status === Status.once
}

/** The answer to the first frame that was accepted. Its status is always 0, because the results are still to come. */
export function encodeAcknowledgement(sid: string): string {
  return JSON.stringify({ header: { code: 0, message: 'success', sid, status: Status.begin } })
}

/** An error, after which the connection is closed (golden transcript). */
export function encodeFrameError(code: number, message: string, sid: string): string {
  return JSON.stringify({ header: { code, message, sid, status: Status.begin } })
}

/**
 * Renders a result over WebSocket: unlike HTTP, `status` is a number and texts are base64, except those that were asked
 * for with the format json and are JSON: they stand there as the wrapper wrote them (ASE protocol).
 * @param seq number of the result among those of its session, from 1
 * @param encoded base64 of the texts that are not sent in plain UTF-8, by payload
 */
export function encodeFrameResult(
  result: InferenceResult,
  sid: string,
  seq: number,
  accepts: readonly Accept[],
  encoded: ReadonlyMap<Payload, string>,
): string {
  const header = JSON.stringify({ code: 0, message: 'success', sid, status: result.status })
  const outputs = result.payloads.map(payload => {
    const described: Record<string, string | number> = {}
    for (const name in payload.attributes) {
      if (name !== payload.type) described[name] = payload.attributes[name] as string
    }
    described['seq'] = String(seq)
    described['status'] = result.status
    const data = inlineJson(payload, accepts, encoded) ?? JSON.stringify(encoded.get(payload) ?? base64(payload.data))
    return `${JSON.stringify(payload.key)}:${JSON.stringify(described).slice(0, -1)},"${payload.type}":${data}}`
  })
  return `{"header":${header},"payload":{${outputs.join(',')}}}`
}

function inlineJson(
  payload: Payload,
  accepts: readonly Accept[],
  encoded: ReadonlyMap<Payload, string>,
): string | undefined {
  if (payload.type !== 'text' || encoded.has(payload)) return undefined
  const accept = accepts.find(({ name }) => name === payload.key)
  if (accept?.attributes['format'] !== 'json') return undefined
  const text = Buffer.from(payload.data).toString()
  try {
    JSON.parse(text)
  } catch {
    return undefined
  }
  return text
}

function base64({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64')
}

/** What a close frame has room for, in bytes (RFC 6455). */
const MAX_REASON_BYTES = 123

/** Cuts a text to what fits a close frame, between two characters. */
export function closeReason(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= MAX_REASON_BYTES) return text
  let end = MAX_REASON_BYTES
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}
