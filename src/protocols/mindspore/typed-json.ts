import { randomUUID } from 'node:crypto'
import { parse } from 'lossless-json'
import { ServiceError } from '../../core/error.js'
import { parseWholeNumber } from '../shared/json-limits.js'

const WHOLE_NUMBER = /^-?\d+$/

/**
 * Parses JSON text so that `1` and `1.0` stay apart: whole numbers become bigint, those with a fraction or an exponent
 * become number.
 * @throws ServiceError `body_not_json`
 */
export function parseTypedJson(text: string): unknown {
  const { shortened, cut } = cutTexts(text)
  try {
    const restore = (_key: string, value: unknown) => (typeof value === 'string' ? (cut.get(value) ?? value) : value)
    return parse(shortened, cut.size === 0 ? null : restore, parseNumber)
  } catch (error) {
    throw new ServiceError('body_not_json', (error as Error).message)
  }
}

function parseNumber(text: string): number | bigint {
  return WHOLE_NUMBER.test(text) ? parseWholeNumber(text) : Number(text)
}

/** The parser reads letter by letter, a second or more for a large picture; longer texts are put aside meanwhile. */
const LONG_TEXT = 1024

interface Cut {
  readonly shortened: string
  /** What was cut out, by what stands in its place. */
  readonly cut: ReadonlyMap<string, string>
}

/** Cuts long texts out of a JSON document, but no names of members; nobody can guess what stands in their place. */
function cutTexts(text: string): Cut {
  const mark = randomUUID()
  const cut = new Map<string, string>()
  const kept: string[] = []
  let from = 0
  for (let open = text.indexOf('"'); open >= 0; ) {
    const close = endOfText(text, open)
    if (close < 0) break
    const content =
      close - open > LONG_TEXT && !isName(text, close) ? parseText(text.slice(open, close + 1)) : undefined
    if (content !== undefined) {
      const name = `${mark}:${cut.size}`
      cut.set(name, content)
      kept.push(text.slice(from, open), `"${name}"`)
      from = close + 1
    }
    open = text.indexOf('"', close + 1)
  }
  return { shortened: kept.join('') + text.slice(from), cut }
}

function isName(text: string, close: number): boolean {
  COLON.lastIndex = close + 1
  return COLON.test(text)
}

const COLON = /[ \t\r\n]*:/y

/** @returns undefined when it has a fault, which is worded elsewhere */
function parseText(text: string): string | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Where the quotation mark is that ends a text; negative when there is none. */
function endOfText(text: string, open: number): number {
  let close = text.indexOf('"', open + 1)
  while (close >= 0 && isEscaped(text, close)) close = text.indexOf('"', close + 1)
  return close
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text[at - backslashes - 1] === '\\') backslashes++
  return backslashes % 2 === 1
}
