import { ServiceError } from '../../core/error.js'
import type { JsonObject } from '../../core/model.js'
import type { Payload } from '../../core/payload.js'
import { isObject } from '../shared/json-object.js'

/** A rectangle in pixels of the picture that was sent. */
export interface Location {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/** One thing that a model found in a picture. */
export interface Hit {
  /** Number of its class. */
  readonly index: number
  readonly label: string
  /** 0 to 1. */
  readonly score: number
  readonly location: Location
  readonly extended?: JsonObject
}

/** Finds out the size of the picture that was sent; asked only when a hit has no location. */
type WholePicture = () => Location

/**
 * Reads the hits among a wrapper's outputs: the first text is JSON, either a list of hits or a single one. What a hit
 * leaves out is filled in: `result` stands for the class of a classification, the score is 1, the location the whole
 * picture; members that hits do not have are put into `extended`.
 * @throws ServiceError `output_mismatch` when there is no such output, or what `wholePicture` throws
 */
export function readHits(payloads: readonly Payload[], wholePicture: WholePicture): readonly Hit[] {
  const output = payloads.find(({ type }) => type === 'text')
  if (output === undefined) {
    const given = payloads.map(({ key, type }) => `${key} (${type})`).join(', ')
    throw new ServiceError('output_mismatch', `the model gives no text with its hits, but ${given || 'nothing'}`)
  }
  const at = `output '${output.key}'`
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(output.data).toString())
  } catch {
    throw new ServiceError('output_mismatch', `${at}: must be JSON, a list of hits or a classification`)
  }
  if (!Array.isArray(value)) return [readHit(value, at, wholePicture)]
  return value.map((item, index) => readHit(item, `${at}[${index}]`, wholePicture))
}

/** A picture that a wrapper drew, in base64; undefined when it gave none. */
export function readPicture(payloads: readonly Payload[]): string | undefined {
  const picture = payloads.find(({ type }) => type === 'image')
  return picture === undefined ? undefined : Buffer.from(picture.data).toString('base64')
}

function readHit(value: unknown, at: string, wholePicture: WholePicture): Hit {
  if (!isObject(value)) throw mismatch(at, 'an object')
  const { result, index, label, score = 1, location, extended, ...others } = value
  const name = label ?? result ?? index
  if (name === undefined) throw mismatch(at, 'an object with index, label or result')
  const more = { ...others, ...readExtended(extended, at) }
  return {
    // A model that knows its classes by name only has no number for them.
    index: readIndex(index ?? (typeof result === 'number' ? result : 0), at),
    label: readLabel(name, at),
    score: readNumber(score, `${at}.score`, 1),
    location: location === undefined ? wholePicture() : readLocation(location, `${at}.location`),
    ...(Object.keys(more).length > 0 && { extended: more }),
  }
}

function readIndex(value: unknown, at: string): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw mismatch(`${at}.index`, 'a whole number from 0')
  return value as number
}

function readLabel(value: unknown, at: string): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  throw mismatch(`${at}.label`, 'a string')
}

function readExtended(value: unknown, at: string): JsonObject {
  if (value === undefined || isObject(value)) return value ?? {}
  throw mismatch(`${at}.extended`, 'an object')
}

function readLocation(value: unknown, at: string): Location {
  if (!isObject(value)) throw mismatch(at, 'an object with left, top, width and height')
  return {
    left: readNumber(value['left'], `${at}.left`, Number.MAX_VALUE, -Number.MAX_VALUE),
    top: readNumber(value['top'], `${at}.top`, Number.MAX_VALUE, -Number.MAX_VALUE),
    width: readNumber(value['width'], `${at}.width`),
    height: readNumber(value['height'], `${at}.height`),
  }
}

function readNumber(value: unknown, at: string, most = Number.MAX_VALUE, least = 0): number {
  if (typeof value === 'number' && value >= least && value <= most) return value
  const range = most === 1 ? ' from 0 to 1' : least === 0 ? ' from 0' : ''
  throw mismatch(at, `a number${range}`)
}

function mismatch(at: string, wanted: string): ServiceError {
  return new ServiceError('output_mismatch', `${at}: must be ${wanted}`)
}
