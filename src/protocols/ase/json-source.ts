interface Span {
  readonly start: number
  readonly end: number
}

/**
 * The text behind the values of a JSON document, so that one can be handed over as its sender wrote it: spacing, order
 * and the digits of large numbers stay. Each object is scanned at most once, however many of its members are asked for.
 */
export class JsonSource {
  private readonly scanned = new Map<number, ReadonlyMap<string, Span>>()

  /** @param text a document that `JSON.parse` has accepted, and whose root is an object */
  constructor(private readonly text: string) {}

  /** @param path member names from the root, each of which exists */
  textOf(path: readonly string[]): string {
    const start = skipSpace(this.text, 0)
    let span: Span = { start, end: this.text.length }
    for (const name of path) {
      const member = this.members(span.start).get(name)
      if (member === undefined) throw new Error(`the JSON document has no member '${name}'`)
      span = member
    }
    return this.text.slice(span.start, span.end)
  }

  private members(object: number): ReadonlyMap<string, Span> {
    let members = this.scanned.get(object)
    if (members === undefined) {
      members = scanMembers(this.text, object)
      this.scanned.set(object, members)
    }
    return members
  }
}

/** Of several members with one name the last one counts, as for `JSON.parse`. */
function scanMembers(text: string, object: number): ReadonlyMap<string, Span> {
  const members = new Map<string, Span>()
  let at = skipSpace(text, object + 1)
  while (text[at] === '"') {
    const keyEnd = skipString(text, at)
    const start = skipSpace(text, skipSpace(text, keyEnd) + 1)
    const end = skipValue(text, start)
    members.set(JSON.parse(text.slice(at, keyEnd)), { start, end })
    at = skipSpace(text, end)
    if (text[at] === ',') at = skipSpace(text, at + 1)
  }
  return members
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (isSpace(text[at])) at++
  return at
}

function isSpace(char: string | undefined): boolean {
  return char === ' ' || char === '\n' || char === '\r' || char === '\t'
}

function skipString(text: string, quote: number): number {
  let at = quote + 1
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1
  return at + 1
}

function skipValue(text: string, from: number): number {
  const first = text[from]
  if (first === '"') return skipString(text, from)
  if (first === '{' || first === '[') return skipNested(text, from)
  let at = from
  while (at < text.length && !isSpace(text[at]) && text[at] !== ',' && text[at] !== '}' && text[at] !== ']') at++
  return at
}

function skipNested(text: string, from: number): number {
  let depth = 0
  let at = from
  do {
    const char = text[at]
    if (char === '"') at = skipString(text, at)
    else {
      if (char === '{' || char === '[') depth++
      else if (char === '}' || char === ']') depth--
      at++
    }
  } while (depth > 0)
  return at
}
