/** Deepest nesting of lists and objects that is read. What writes JSON again, or walks through it, goes as deep by calls. */
export const MAX_DEPTH = 256

/** Most members that all objects of a text may have together, and most objects: each costs many times what its letters cost. */
const MAX_FIELDS = 50_000

/** More digits than any integer type holds; a bigint of many more takes long to make, twice as many four times as long. */
export const MAX_DIGITS = 40

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const BRACE = 0x7b
const CLOSING_BRACE = 0x7d
const BRACKET = 0x5b
const CLOSING_BRACKET = 0x5d

/** Says which limit a JSON text, which may be none, is past; undefined when it is past none. */
export function excessOf(text: string): string | undefined {
  // Most bodies are long texts between few brackets and colons, which are counted much faster than letters are read.
  const brackets = countUpTo(text, '[', MAX_DEPTH) + countUpTo(text, '{', MAX_DEPTH)
  if (brackets <= MAX_DEPTH && countUpTo(text, ':', MAX_FIELDS) <= MAX_FIELDS) return undefined
  let depth = 0
  let fields = 0
  let objects = 0
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at)
    if (letter === QUOTE) at = endOfText(text, at)
    else if (letter === BRACKET || letter === BRACE) {
      depth++
      if (letter === BRACE) objects++
    } else if (letter === CLOSING_BRACKET || letter === CLOSING_BRACE) depth--
    else if (letter === COLON) fields++
    else continue
    if (depth > MAX_DEPTH) return `is nested deeper than ${MAX_DEPTH}`
    if (fields > MAX_FIELDS) return `has more than ${MAX_FIELDS} fields`
    if (objects > MAX_FIELDS) return `has more than ${MAX_FIELDS} objects`
  }
  return undefined
}

/** Reads a whole number of any size that a type can hold. @throws SyntaxError when it has more digits than that */
export function parseWholeNumber(text: string): bigint {
  if (text.length > MAX_DIGITS) throw new SyntaxError(`A number of ${text.length} digits is too long`)
  return BigInt(text)
}

function countUpTo(text: string, part: string, limit: number): number {
  let count = 0
  for (let at = text.indexOf(part); at >= 0 && count <= limit; at = text.indexOf(part, at + 1)) count++
  return count
}

/** Where the quotation mark is that ends a text; the end where none does. */
function endOfText(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    const letter = text.charCodeAt(at)
    if (letter === BACKSLASH) at++
    else if (letter === QUOTE) return at
  }
  return text.length
}
