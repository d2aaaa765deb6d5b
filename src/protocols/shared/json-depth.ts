/** Deepest nesting of lists and objects that is read. What writes JSON again, or walks through it, goes as deep by calls. */
export const MAX_JSON_DEPTH = 256

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPENING: ReadonlySet<number> = new Set([0x5b, 0x7b])
const CLOSING: ReadonlySet<number> = new Set([0x5d, 0x7d])

/** Whether lists and objects of a JSON text, which may be none, are nested deeper than that. */
export function isTooDeep(text: string): boolean {
  // Most bodies are long texts in few brackets, which are counted much faster than letters are read.
  if (countUpTo(text, '[', MAX_JSON_DEPTH) + countUpTo(text, '{', MAX_JSON_DEPTH) <= MAX_JSON_DEPTH) return false
  let depth = 0
  for (let at = 0; at < text.length; at++) {
    const letter = text.charCodeAt(at)
    if (letter === QUOTE) at = endOfText(text, at)
    else if (OPENING.has(letter)) depth++
    else if (CLOSING.has(letter)) depth--
    if (depth > MAX_JSON_DEPTH) return true
  }
  return false
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
