import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../../core/error.js'
import type { JsonObject } from '../../core/model.js'
import { type AsideOptions, parseAside } from './json-aside.js'
import { excessOf } from './json-limits.js'
import { isObject } from './json-object.js'

/** A JSON object, and the text that it was read from. */
export interface JsonBody {
  readonly text: string
  readonly json: JsonObject
}

/** What text that is no JSON object is refused with. */
export type NotJson = 'body_not_json' | 'frame_not_json'

/**
 * Reads a request body or a frame as JSON text: a Buffer, or nothing when the request has none.
 * @throws ServiceError when it is not UTF-8, nested too deep, or has too many fields
 */
export function bodyText(body: unknown, notJson: NotJson = 'body_not_json'): string {
  // Decoding would put U+FFFD in the place of such bytes, and nobody would notice that data changed.
  if (Buffer.isBuffer(body) && !isUtf8(body)) throw new ServiceError(notJson, `the ${WHAT[notJson]} is not UTF-8`)
  const text = Buffer.isBuffer(body) ? body.toString() : ''
  const excess = excessOf(text)
  if (excess !== undefined) throw new ServiceError(notJson, `the ${WHAT[notJson]} ${excess}`)
  return text
}

/**
 * Parses a request body or a frame.
 * @param unread which lists of a large one are left unread. Default: none
 * @throws ServiceError when it is no JSON object
 */
export function parseJsonObject(body: unknown, notJson: NotJson = 'body_not_json', unread?: AsideOptions): JsonBody {
  const text = bodyText(body, notJson)
  let json: unknown
  try {
    json = unread && Buffer.isBuffer(body) ? parseAside({ bytes: body, text }, JSON.parse, unread) : JSON.parse(text)
  } catch (error) {
    throw new ServiceError(notJson, `the ${WHAT[notJson]} is not JSON: ${(error as Error).message}`)
  }
  if (!isObject(json)) throw new ServiceError(notJson)
  return { text, json }
}

const WHAT: Readonly<Record<NotJson, string>> = { body_not_json: 'body', frame_not_json: 'frame' }
