import { parse } from 'lossless-json'
import { ServiceError } from '../../core/error.js'
import type { JsonObject } from '../../core/model.js'
import { type AsideOptions, type Parse, parseAside } from '../shared/json-aside.js'
import { bodyText } from '../shared/json-body.js'
import { MAX_DIGITS, parseWholeNumber } from '../shared/json-limits.js'
import { isObject } from '../shared/json-object.js'

/** Where a whole number may stand that JSON.parse would round; 16 digits may be past 2^53. */
const LONG_NUMBER = /[^.\d]\d{16}/

const WHOLE_NUMBER = /^-?\d+$/

/** Where requests to infer have the data of tensors. */
const TENSOR_DATA: AsideOptions = {
  steps: [name => name === 'inputs', 'each', name => name === 'data'],
  maxDigits: MAX_DIGITS,
}

/**
 * Parses a JSON object. A whole number that a `number` cannot hold becomes a bigint; the data of tensors in a large text
 * stays unread.
 * @param what names the text in messages
 * @throws ServiceError `body_not_json`
 */
export function parseExactJson(bytes: Buffer, what: string): JsonObject {
  const text = bodyText(bytes)
  let json: unknown
  try {
    json = parseAside({ bytes, text }, parseExact, { ...TENSOR_DATA, refuse: part => parserFor(text)(part) })
  } catch (error) {
    throw new ServiceError('body_not_json', `${what} is not JSON: ${(error as Error).message}`)
  }
  if (!isObject(json)) throw new ServiceError('body_not_json', `${what} is not a JSON object`)
  return json
}

/** Parses JSON as `parseExactJson` does, with every list in it. @throws SyntaxError */
export function parseExact(text: string): unknown {
  return parserFor(text)(text)
}

/** The exact parser takes several times as long. */
function parserFor(text: string): Parse {
  return LONG_NUMBER.test(text) ? part => parse(part, null, { parseNumber, onDuplicateKey }) : JSON.parse
}

function parseNumber(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) || !WHOLE_NUMBER.test(text) ? number : parseWholeNumber(text)
}

/** As JSON.parse has it. */
const onDuplicateKey = ({ newValue }: { readonly newValue: unknown }) => newValue
