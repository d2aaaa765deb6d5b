import { KIND, type ListForm, skipFraction, skipText, skipValue, skipWhole } from './json-scan.js'

// Constants of another module cost more than the work that is done with them.
const QUOTE = 0x22
const COMMA = 0x2c
const MINUS = 0x2d
const DOT = 0x2e
const ZERO = 0x30
const NINE = 0x39
const UPPER_E = 0x45
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
const CLOSE_LIST = 0x5d
const LOWER_E = 0x65
const LOWER_F = 0x66
const LOWER_N = 0x6e
const LOWER_T = 0x74

/** A list in a JSON text that was found to be well-formed, and has not been read. No object is in it. */
export class JsonList {
  constructor(
    readonly form: ListForm,
    readonly bytes: Buffer,
  ) {}
}

/** More digits may be past 2^53, where not every whole number is a `number`. */
const SAFE_DIGITS = 15

/** Greatest power of ten that a `number` holds exactly. */
const EXACT_POWER = 22

const POWERS = Float64Array.from({ length: EXACT_POWER + 1 }, (_, exponent) => 10 ** exponent)

/** Reads the innermost elements of a list one after the other, however many lists are around them. */
export class ElementReader {
  private readonly bytes: Buffer
  private at = 0

  constructor({ bytes }: JsonList) {
    this.bytes = bytes
  }

  /**
   * Reads numbers until `values` is full. Stops before what is no number, before a whole one of more than 15 digits, and at the end.
   * @returns how many it has read
   */
  numbers(values: Float64Array): number {
    const { bytes } = this
    let at = this.at
    let count = 0
    for (; count < values.length; count++) {
      at = skipSeparators(bytes, at)
      const begin = at
      let byte = bytes[at] as number
      const isNegative = byte === MINUS
      if (isNegative) byte = bytes[++at] as number
      if (!isDigit(byte)) return this.stop(begin, count)
      let value = 0
      let digits = -at
      for (; isDigit(byte); byte = bytes[++at] as number) value = value * 10 + (byte - ZERO)
      digits += at
      let power = 0
      if (byte === DOT) {
        const point = at
        for (byte = bytes[++at] as number; isDigit(byte); byte = bytes[++at] as number) {
          value = value * 10 + (byte - ZERO)
        }
        power = point + 1 - at
        digits -= power
      } else if (digits > SAFE_DIGITS && byte !== LOWER_E && byte !== UPPER_E) return this.stop(begin, count)
      if (byte === LOWER_E || byte === UPPER_E) {
        const exponent = at + 1
        at = skipFraction(bytes, at)
        power += smallNumber(bytes, exponent, at)
      }
      // What two exact numbers give is rounded once: to the number that is nearest to the decimal.
      if (digits > SAFE_DIGITS || power < -EXACT_POWER || power > EXACT_POWER) {
        values[count] = Number(bytes.toString('latin1', begin, at))
      } else {
        const magnitude = power < 0 ? value / (POWERS[-power] as number) : value * (POWERS[power] as number)
        values[count] = isNegative ? -magnitude : magnitude
      }
    }
    return this.stop(at, count)
  }

  private stop(at: number, count: number): number {
    this.at = at
    return count
  }

  /** Reads an element of any kind but a list; whole numbers become bigint. There has to be one. */
  other(): unknown {
    const { bytes } = this
    const begin = skipSeparators(bytes, this.at)
    const first = bytes[begin]
    if (first === LOWER_T || first === LOWER_F || first === LOWER_N) {
      this.at = begin + (first === LOWER_F ? 5 : 4)
      return first === LOWER_N ? null : first === LOWER_T
    }
    if (first === QUOTE) {
      this.at = skipText(bytes, begin)
      return JSON.parse(bytes.toString('utf8', begin, this.at))
    }
    const whole = skipWhole(bytes, begin)
    this.at = skipFraction(bytes, whole)
    const text = bytes.toString('latin1', begin, this.at)
    return this.at === whole ? BigInt(text) : Number(text)
  }
}

/** Whether all elements are texts, and stand there as they are. */
export function hasPlainTexts({ bytes, form }: JsonList): boolean {
  return form.kinds === KIND.text && !bytes.includes(BACKSLASH)
}

/**
 * Copies texts that stand there as they are, each behind its length in 4 bytes.
 * @param into has room for the whole list, and 4 bytes more for each text
 * @returns how many bytes that were
 */
export function copyTexts({ bytes }: JsonList, into: Buffer): number {
  let size = 0
  for (let at = skipSeparators(bytes, 0); at < bytes.length; at = skipSeparators(bytes, at + 1)) {
    const begin = size + 4
    size = begin
    for (let byte = bytes[++at] as number; byte !== QUOTE; byte = bytes[++at] as number) into[size++] = byte
    into.writeUInt32LE(size - begin, begin - 4)
  }
  return size
}

/** The JSON text of the very first element of a list that has one. */
export function firstElement({ bytes }: JsonList): string {
  const begin = skipSeparators(bytes, 0)
  return bytes.toString('utf8', begin, skipValue(bytes, begin))
}

/** Reads over all that stands between two elements, which only numbers and words do not begin with. */
function skipSeparators(bytes: Uint8Array, from: number): number {
  let at = from
  for (let byte = bytes[at] as number; byte <= 0x20 || byte === COMMA || byte === OPEN_LIST || byte === CLOSE_LIST; ) {
    byte = bytes[++at] as number
  }
  return at
}

/** Reads an exponent; what is past a thousand may be more or less than it says. */
function smallNumber(bytes: Uint8Array, from: number, end: number): number {
  const sign = bytes[from]
  let value = 0
  for (let at = isDigit(sign as number) ? from : from + 1; at < end && value < 1000; at++) {
    value = value * 10 + ((bytes[at] as number) - ZERO)
  }
  return sign === MINUS ? -value : value
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= NINE
}
