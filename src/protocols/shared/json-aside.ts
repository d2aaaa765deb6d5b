import { JsonList } from './json-list.js'
import { NOT_THERE, scanValue, skipKey, skipSpace } from './json-scan.js'

const QUOTE = 0x22
const COMMA = 0x2c
const OPEN_LIST = 0x5b
const BACKSLASH = 0x5c
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

export interface AsideOptions {
  /** The way from the root to the lists that need not be made; members beside it are parsed as they are. */
  readonly steps: readonly Step[]
  /** Digits that a whole number in these lists may have, its sign included. Default: no limit. */
  readonly maxDigits?: number
  /** From how many bytes on lists are put aside. Default 64 KiB. */
  readonly largeBytes?: number
}

/**
 * Parses JSON, but in a large text not those lists that `steps` leads to: a `JsonList` is in the place of each. Millions of numbers
 * are read many times as fast without a value being made of each.
 * @param parse a parser of JSON texts, which decides what is JSON and how its faults are worded
 * @throws what `parse` throws for the whole text
 */
export function parseAside(
  { bytes, text }: JsonText,
  parse: (text: string) => unknown,
  { steps, maxDigits, largeBytes = LARGE_BYTES }: AsideOptions,
): unknown {
  if (bytes.length < largeBytes) return parse(text)
  const finder = new ListFinder(bytes, maxDigits)
  finder.walk(0, steps, [])
  const { cuts } = finder
  if (cuts.length === 0) return parse(text)
  let root: unknown
  try {
    root = parse(without(bytes, cuts, cut => cut.placeholder))
  } catch {
    // As long as it was, so that a message names the right place.
    return parse(without(bytes, cuts, cut => cut.placeholder.padEnd(bytes.toString('utf8', cut.start, cut.end).length)))
  }
  for (const { path, list } of cuts) if (path && list) putBack(root, path, list)
  return root
}

type Path = readonly (string | number)[]

/** A part of the text that is not parsed. */
interface Cut {
  readonly start: number
  readonly end: number
  /** What stands in its place. */
  readonly placeholder: string
  /** Absent when it is the well-formed beginning of a list that has a fault further on. */
  readonly list?: JsonList
  /** Where the list belongs; undefined when a later member has the same name. */
  path?: Path | undefined
}

function without(bytes: Buffer, cuts: readonly Cut[], placeholder: (cut: Cut) => string): string {
  let text = ''
  let from = 0
  for (const cut of cuts) {
    text += bytes.toString('utf8', from, cut.start) + placeholder(cut)
    from = cut.end
  }
  return text + bytes.toString('utf8', from)
}

function putBack(root: unknown, path: Path, list: JsonList): void {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], root)
  Object.defineProperty(parent, path.at(-1) as string | number, {
    value: list,
    writable: true,
    enumerable: true,
    configurable: true,
  })
}

/** Finds the lists that `steps` lead to. What is beside the way is not checked. */
class ListFinder {
  readonly cuts: Cut[] = []

  constructor(
    private readonly bytes: Buffer,
    private readonly maxDigits: number | undefined,
  ) {}

  /** @returns where the value ends, or `NOT_THERE` at a fault, which is the parser's to find */
  walk(from: number, steps: readonly Step[], path: Path): number {
    const start = skipSpace(this.bytes, from)
    const [step, ...further] = steps
    const first = this.bytes[start]
    if (step === undefined) return first === OPEN_LIST ? this.cutList(start, path) : skipValue(this.bytes, start)
    if (step === 'each') {
      return first === OPEN_LIST ? this.walkList(start, further, path) : this.walk(start, further, path)
    }
    return first === OPEN_OBJECT ? this.walkObject(start, step, further, path) : skipValue(this.bytes, start)
  }

  private cutList(start: number, path: Path): number {
    const { bytes, cuts } = this
    const scanned = scanValue(bytes, start, this.maxDigits)
    if ('until' in scanned) {
      cuts.push({ start: start + 1, end: scanned.until, placeholder: '' })
      return NOT_THERE
    }
    const { end, form } = scanned
    cuts.push({
      start,
      end,
      placeholder: String(cuts.length),
      list: new JsonList(form, bytes.subarray(start, end)),
      path,
    })
    return end
  }

  private walkList(start: number, steps: readonly Step[], path: Path): number {
    const { bytes } = this
    let at = skipSpace(bytes, start + 1)
    if (bytes[at] === CLOSE_LIST) return at + 1
    for (let index = 0; ; index++) {
      at = this.walk(at, steps, [...path, index])
      if (at < 0) return NOT_THERE
      at = skipSpace(bytes, at)
      if (bytes[at] !== COMMA) return bytes[at] === CLOSE_LIST ? at + 1 : NOT_THERE
      at++
    }
  }

  private walkObject(start: number, leads: (name: string) => boolean, steps: readonly Step[], path: Path): number {
    const { bytes } = this
    const first = this.cuts.length
    const names = new Set<string>()
    let at = skipSpace(bytes, start + 1)
    if (bytes[at] === CLOSE_OBJECT) return at + 1
    for (;;) {
      const value = skipKey(bytes, at)
      if (value < 0) return NOT_THERE
      const name: string = JSON.parse(bytes.toString('utf8', at, bytes.lastIndexOf(QUOTE, value - 1) + 1))
      if (names.has(name)) this.forget(first, path.length, name)
      names.add(name)
      at = leads(name) ? this.walk(value, steps, [...path, name]) : skipValue(bytes, value)
      if (at < 0) return NOT_THERE
      at = skipSpace(bytes, at)
      if (bytes[at] !== COMMA) return bytes[at] === CLOSE_OBJECT ? at + 1 : NOT_THERE
      at = skipSpace(bytes, at + 1)
    }
  }

  /** Of members with the same name the last one counts, whatever it is. */
  private forget(first: number, depth: number, name: string): void {
    for (const cut of this.cuts.slice(first)) if (cut.path?.[depth] === name) cut.path = undefined
  }
}

/** Reads over a value that is parsed as it is. Its texts, which may be whole pictures, are not looked into. */
function skipValue(bytes: Buffer, from: number): number {
  const start = skipSpace(bytes, from)
  if (bytes[start] !== QUOTE) return scanValue(bytes, start).end
  let close = bytes.indexOf(QUOTE, start + 1)
  while (close >= 0 && isEscaped(bytes, close)) close = bytes.indexOf(QUOTE, close + 1)
  return close < 0 ? NOT_THERE : close + 1
}

function isEscaped(bytes: Buffer, at: number): boolean {
  let first = at
  while (bytes[first - 1] === BACKSLASH) first--
  return (at - first) % 2 === 1
}
