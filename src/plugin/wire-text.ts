import { toUSVString } from 'node:util'

/**
 * A text as protobuf may carry it. JSON lets clients write half a surrogate pair, which is no character; readers of
 * protobuf refuse a whole message for it, so it becomes U+FFFD.
 */
export const wireText: (text: string) => string = toUSVString

/** The same for names and values. */
export function wireTexts(texts: Readonly<Record<string, string>>): Record<string, string> {
  for (const [name, value] of Object.entries(texts)) {
    if (wireText(name) === name && wireText(value) === value) continue
    return Object.fromEntries(Object.entries(texts).map(entry => entry.map(wireText) as [string, string]))
  }
  return texts as Record<string, string>
}
