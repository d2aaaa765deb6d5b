import { randomUUID } from 'node:crypto'
import { JsonList } from './json-list.js'
import { isObject } from './json-object.js'
import { KIND, NOT_THERE, type Scanned, scanValue, skipKey, skipSpace, skipValue } from './json-scan.js'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const CLOSE_LIST = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Smaller texts are parsed as they are, which holds nobody up. */
const LARGE_BYTES = 64 * 1024

/** One step from a value to those in it: members by their names, or every element of a list, if it is one. */
export type Step = ((name: string) => boolean) | 'each'

/** A JSON text, and its UTF-8. */
export interface JsonText {
  readonly bytes: Buffer
  readonly text: string
}

/** Makes a value of a JSON text, or throws. */
export type Parse = (text: string) => unknown

export interface AsideOptions {
  /** The way from the root to the lists that need not be made; members beside it are parsed as they are. */
  readonly steps: readonly Step[]
  /** Digits that a whole number in these lists may have, its sign included. Default: no limit. */
  readonly maxDigits?: number
  /** From how many bytes on lists are put aside. Default 64 KiB. */
  readonly largeBytes?: number
  /** Parses a text that has a fault, and words it. Default: `parse`. */
  readonly refuse?: Parse
}

/**
 * Parses JSON, but in a large text not those lists that `steps` leads to: a `JsonList` is in the place of each. Millions of numbers
 * are read many times as fast without a value being made of each.
 * @param parse a parser of JSON texts, which decides what is JSON and how its faults are worded
 * @throws what `parse` throws for the whole text
 */
export function parseAside(
  { bytes, text }: JsonText,
  parse: Parse,
  { steps, maxDigits, largeBytes = LARGE_BYTES, refuse = parse }: AsideOptions,
): unknown {
  if (bytes.length < largeBytes) return parse(text)
  const cuts = new ListFinder(bytes, maxDigits, steps).find()
  if (cuts.length === 0) return parse(text)
  // Nobody can guess what stands in a list's place, so that no other value is taken for one, nor equal to one.
  const mark = randomUUID()
  const lists = new Map(cuts.map(({ list }, index) => [`${mark}:${index}`, list]))
  if (cuts.every(({ list }) => list !== undefined)) {
    const placeholders = lists.keys()
    const rest = replaced(bytes, cuts, () => `"${placeholders.next().value}"`)
    try {
      return putBack(parse(rest), steps, 0, lists)
    } catch {}
  }
  refuse(replaced(bytes, cuts, cut => blank(bytes, cut)))
  // Members of one name, which some parsers take when their values, such as long lists, are equal.
  return parse(text)
}

/** A list in a text, or its beginning when there is a fault further on. */
interface Cut {
  readonly start: number
  readonly end: number
  readonly list?: JsonList
  readonly blank: Scanned['blank']
}

function replaced(bytes: Buffer, cuts: readonly Cut[], placeholder: (cut: Cut) => string): string {
  let text = ''
  let from = 0
  for (const cut of cuts) {
    text += bytes.toString('utf8', from, cut.start) + placeholder(cut)
    from = cut.end
  }
  return text + bytes.toString('utf8', from)
}

/** As long as the list, and with the same end, so that a message names the right place and quotes what is around it. */
function blank(bytes: Buffer, { start, end, blank: { until, depth } }: Cut): string {
  return '['.repeat(depth).padStart(bytes.toString('utf8', start, until).length) + bytes.toString('utf8', until, end)
}

/** Puts lists where their placeholders are, on the way that the steps lead. @returns what is in the value's place */
function putBack(value: unknown, steps: readonly Step[], at: number, lists: ReadonlyMap<unknown, unknown>): unknown {
  const step = steps[at]
  if (step === undefined) return lists.get(value) ?? value
  if (step === 'each') {
    if (!Array.isArray(value)) return putBack(value, steps, at + 1, lists)
    for (let index = 0; index < value.length; index++) value[index] = putBack(value[index], steps, at + 1, lists)
  } else if (isObject(value)) {
    const members = value as Record<string, unknown>
    for (const name of Object.keys(members)) {
      if (step(name)) members[name] = putBack(members[name], steps, at + 1, lists)
    }
  }
  return value
}

/** Finds the lists that `steps` lead to. All before the last of them is well-formed. */
class ListFinder {
  private readonly cuts: Cut[] = []

  constructor(
    private readonly bytes: Buffer,
    private readonly maxDigits: number | undefined,
    private readonly steps: readonly Step[],
  ) {}

  find(): readonly Cut[] {
    this.walk(0, 0)
    return this.cuts
  }

  /** @returns where the value ends, or `NOT_THERE` at a fault, which is the parser's to find */
  private walk(from: number, taken: number): number {
    const { bytes, steps } = this
    const start = skipSpace(bytes, from)
    const step = steps[taken]
    const first = bytes[start]
    if (step === 'each') return first === OPEN_LIST ? this.walkList(start, taken + 1) : this.walk(start, taken + 1)
    if (step === undefined && first === OPEN_LIST) return this.cutList(start)
    if (step === undefined || first !== OPEN_OBJECT) return skipValue(bytes, start)
    return this.walkObject(start, step, taken + 1)
  }

  private cutList(start: number): number {
    const { bytes, cuts, maxDigits } = this
    const { end, form, blank } = scanValue(bytes, start, maxDigits)
    if (end < 0) cuts.push({ start, end: blank.until, blank })
    // Whether an object may have two members of one name is the parser's to say.
    else if (!(form.kinds & KIND.object))
      cuts.push({ start, end, blank, list: new JsonList(form, bytes.subarray(start, end)) })
    return end
  }

  private walkList(start: number, taken: number): number {
    const { bytes } = this
    let at = skipSpace(bytes, start + 1)
    if (bytes[at] === CLOSE_LIST) return at + 1
    for (;;) {
      at = this.walk(at, taken)
      if (at < 0) return NOT_THERE
      at = skipSpace(bytes, at)
      if (bytes[at] !== COMMA) return bytes[at] === CLOSE_LIST ? at + 1 : NOT_THERE
      at++
    }
  }

  private walkObject(start: number, leads: (name: string) => boolean, taken: number): number {
    const { bytes } = this
    let at = skipSpace(bytes, start + 1)
    if (bytes[at] === CLOSE_OBJECT) return at + 1
    for (;;) {
      const value = skipKey(bytes, at)
      if (value < 0) return NOT_THERE
      const name: string = JSON.parse(bytes.toString('utf8', at, bytes.lastIndexOf(QUOTE, value - 1) + 1))
      at = leads(name) ? this.walk(value, taken) : skipValue(bytes, skipSpace(bytes, value))
      if (at < 0) return NOT_THERE
      at = skipSpace(bytes, at)
      if (bytes[at] !== COMMA) return bytes[at] === CLOSE_OBJECT ? at + 1 : NOT_THERE
      at = skipSpace(bytes, at + 1)
    }
  }
}
