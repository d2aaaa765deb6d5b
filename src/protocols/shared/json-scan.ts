import { MAX_DEPTH } from './json-limits.js'

const QUOTE = 0x22
const PLUS = 0x2b
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const UPPER_E = 0x45
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const LOWER_E = 0x65
const LOWER_F = 0x66
const LOWER_N = 0x6e
const LOWER_T = 0x74
const LOWER_U = 0x75
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Kinds of elements; several of them are joined by `|`. */
export const KIND = { whole: 1, fraction: 2, boolean: 4, null: 8, text: 16, object: 32 } as const

/** What lists in lists are made of. */
export interface ListForm {
  /** How many lists are around the very first element. */
  readonly depth: number
  /** How long the lists of each level are; undefined unless they are equally long and equally deep. */
  readonly shape: readonly number[] | undefined
  /** Kinds of the innermost elements. */
  readonly kinds: number
}

/** What was read over. */
export interface Scanned {
  /** Where the value ends; `NOT_THERE` when it has a fault. */
  readonly end: number
  readonly form: ListForm
  /**
   * What need not be parsed to find a fault further on: all up to `until`, where an element begins, more than `MARGIN` bytes before
   * the end or the fault, and before the first object. That element has `depth` lists around it.
   */
  readonly blank: { readonly until: number; readonly depth: number }
}

/** Messages quote some letters before a fault. */
const MARGIN = 64

/** One scan is over before the next one begins. */
const isObject = new Uint8Array(MAX_DEPTH + 1)

/**
 * Reads over a value as JSON's grammar has it, without making anything of it: that takes a list of millions of numbers a
 * fraction of the time in which it is parsed.
 * @param bytes UTF-8
 * @param start where the value begins
 * @param maxDigits of a whole number; one with more counts as not well-formed. Default: no limit
 */
export function scanValue(bytes: Uint8Array, start: number, maxDigits?: number): Scanned {
  const form = new FormFinder(start)
  const end = scan(bytes, start, form, maxDigits)
  return { end, form: form.found(), blank: { until: form.until, depth: form.untilDepth } }
}

/** Reads over a value of which only the end is wanted. @returns that, or `NOT_THERE` when it has a fault */
export function skipValue(bytes: Uint8Array, start: number): number {
  const first = bytes[start]
  if (first === OPEN_LIST || first === OPEN_OBJECT) return scan(bytes, start, new FormFinder(start))
  if (first === QUOTE) return skipText(bytes, start)
  if (first === LOWER_T || first === LOWER_F || first === LOWER_N) return skipWord(bytes, start)
  const whole = skipWhole(bytes, start)
  return whole < 0 ? NOT_THERE : skipFraction(bytes, whole)
}

function scan(bytes: Uint8Array, start: number, form: FormFinder, maxDigits = Number.POSITIVE_INFINITY): number {
  let at = start
  let depth = 0
  for (;;) {
    at = skipSpace(bytes, at)
    const first = bytes[at] as number
    // Numbers first: there are the most of them.
    if (isDigit(first) || first === MINUS) {
      const whole = skipWhole(bytes, at)
      const end = whole < 0 ? NOT_THERE : skipFraction(bytes, whole)
      if (end < 0 || (end === whole && end - at > maxDigits)) return NOT_THERE
      form.leaf(depth, end === whole ? KIND.whole : KIND.fraction)
      at = end
    } else if (first === OPEN_LIST || first === OPEN_OBJECT) {
      const opensObject = first === OPEN_OBJECT
      if (depth === MAX_DEPTH) return NOT_THERE
      form.open(depth, opensObject)
      isObject[++depth] = opensObject ? 1 : 0
      at = skipSpace(bytes, at + 1)
      if (bytes[at] !== (opensObject ? CLOSE_OBJECT : CLOSE_LIST)) {
        if (opensObject) at = skipKey(bytes, at)
        if (at < 0) return NOT_THERE
        continue
      }
      form.closeEmpty(depth, opensObject)
    } else {
      at = first === QUOTE ? skipText(bytes, at) : skipWord(bytes, at)
      if (at < 0) return NOT_THERE
      form.leaf(depth, first === QUOTE ? KIND.text : first === LOWER_N ? KIND.null : KIND.boolean)
    }

    // What follows a value, until the next one begins.
    for (;;) {
      if (depth === 0) return at
      at = skipSpace(bytes, at)
      const byte = bytes[at]
      if (byte === COMMA) {
        at++
        if (isObject[depth] === 1) {
          at = skipKey(bytes, skipSpace(bytes, at))
          if (at < 0) return NOT_THERE
        } else form.next(depth, at)
        break
      }
      if (byte !== (isObject[depth] === 1 ? CLOSE_OBJECT : CLOSE_LIST)) return NOT_THERE
      at++
      form.close(depth--)
    }
  }
}

/** Reads over the name of a member and the colon behind it. */
export function skipKey(bytes: Uint8Array, from: number): number {
  if (bytes[from] !== QUOTE) return NOT_THERE
  const end = skipText(bytes, from)
  if (end < 0) return NOT_THERE
  const colon = skipSpace(bytes, end)
  return bytes[colon] === COLON ? colon + 1 : NOT_THERE
}

const UNKNOWN = -1

const counts = new Uint32Array(MAX_DEPTH + 1)
const lengths = new Int32Array(MAX_DEPTH + 1)

/** Finds out what a list is made of while it is scanned. What objects have inside counts for nothing. */
class FormFinder {
  private leafDepth = UNKNOWN
  private isRagged = false
  private kinds = 0
  /** Depth inside the outermost object that is open. */
  private objectDepth = MAX_DEPTH + 1
  /** Levels that there have been. */
  private levels = 0
  until: number
  untilDepth = 0
  private nextUntil: number
  private nextDepth = 0

  constructor(start: number) {
    this.until = start
    this.nextUntil = start
  }

  /** @param depth of what is around it, here and below */
  open(depth: number, opensObject: boolean): void {
    if (depth >= this.objectDepth) return
    if (opensObject) {
      this.leaf(depth, KIND.object)
      this.objectDepth = depth + 1
    } else if (depth === this.leafDepth) this.isRagged = true
    else {
      counts[depth] = (counts[depth] as number) + 1
      counts[depth + 1] = 0
      if (depth === this.levels) lengths[++this.levels] = UNKNOWN
    }
  }

  /** @param at where the next element of a list begins */
  next(depth: number, at: number): void {
    if (at - this.nextUntil <= MARGIN || this.kinds & KIND.object) return
    this.until = this.nextUntil
    this.untilDepth = this.nextDepth
    this.nextUntil = at
    this.nextDepth = depth
  }

  leaf(depth: number, kind: number): void {
    if (depth >= this.objectDepth) return
    if (this.leafDepth === UNKNOWN) this.leafDepth = depth
    if (depth !== this.leafDepth) this.isRagged = true
    this.kinds |= kind
    counts[depth] = (counts[depth] as number) + 1
  }

  /** @param depth inside, here and below */
  closeEmpty(depth: number, wasObject: boolean): void {
    if (!wasObject && depth < this.objectDepth && this.leafDepth === UNKNOWN) this.leafDepth = depth
  }

  close(depth: number): void {
    if (depth < this.objectDepth) {
      const length = counts[depth] as number
      if (lengths[depth] === UNKNOWN) lengths[depth] = length
      else if (lengths[depth] !== length) this.isRagged = true
    } else if (depth === this.objectDepth) this.objectDepth = MAX_DEPTH + 1
  }

  found(): ListForm {
    const { leafDepth, isRagged, kinds } = this
    return { depth: leafDepth, shape: isRagged ? undefined : Array.from(lengths.subarray(1, leafDepth + 1)), kinds }
  }
}

/** What `skip…` says where there is nothing of that kind that is well-formed. */
export const NOT_THERE = -1

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}

export function skipSpace(bytes: Uint8Array, from: number): number {
  let at = from
  for (let byte = bytes[at]; byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; byte = bytes[at]) at++
  return at
}

/** Reads over a number up to its point or exponent, if it has one. */
export function skipWhole(bytes: Uint8Array, from: number): number {
  let at = bytes[from] === MINUS ? from + 1 : from
  if (bytes[at] === ZERO) return at + 1
  const digits = at
  while (isDigit(bytes[at] as number)) at++
  return at > digits ? at : NOT_THERE
}

/** Reads over the point and the exponent of a number, of which it may have none. */
export function skipFraction(bytes: Uint8Array, from: number): number {
  let at = from
  if (bytes[at] === DOT) {
    at = skipDigits(bytes, at + 1)
    if (at < 0) return NOT_THERE
  }
  if (bytes[at] !== LOWER_E && bytes[at] !== UPPER_E) return at
  at++
  return skipDigits(bytes, bytes[at] === MINUS || bytes[at] === PLUS ? at + 1 : at)
}

function skipDigits(bytes: Uint8Array, from: number): number {
  let at = from
  while (isDigit(bytes[at] as number)) at++
  return at > from ? at : NOT_THERE
}

const ESCAPES = tableOf('"\\/bfnrt')
const HEX = tableOf('0123456789abcdefABCDEF')

function tableOf(letters: string): Uint8Array {
  const table = new Uint8Array(256)
  for (const byte of Buffer.from(letters)) table[byte] = 1
  return table
}

/** Reads over a text from its first quotation mark to its last. */
export function skipText(bytes: Uint8Array, from: number): number {
  for (let at = from + 1; ; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) return at + 1
    if (byte === undefined || byte < 0x20) return NOT_THERE
    if (byte !== BACKSLASH) continue
    const escaped = bytes[++at] ?? 0
    if (ESCAPES[escaped] === 1) continue
    if (escaped !== LOWER_U) return NOT_THERE
    for (const end = at + 4; at < end; ) if (HEX[bytes[++at] ?? 0] !== 1) return NOT_THERE
  }
}

/** Reads over `true`, `false` or `null`. */
export function skipWord(bytes: Uint8Array, from: number): number {
  const first = bytes[from]
  const word = first === LOWER_T ? TRUE : first === LOWER_F ? FALSE : NULL
  for (let index = 0; index < word.length; index++) if (bytes[from + index] !== word[index]) return NOT_THERE
  return from + word.length
}

const TRUE = Buffer.from('true')
const FALSE = Buffer.from('false')
const NULL = Buffer.from('null')
