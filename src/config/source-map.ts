import { createRequire } from 'node:module'
import type { AST } from 'toml-eslint-parser'

/** Where something stands in a TOML text: line and column count from 1. */
export interface Place {
  readonly line: number
  readonly column: number
  /** The value as it is written there, shortened to one line; undefined for a section. */
  readonly raw: string | undefined
}

export interface SourceMap {
  /** The place of a key or section, or of the innermost part of the path that the text has. */
  find(path: readonly (string | number)[]): Place | undefined
}

interface Entry {
  readonly path: readonly (string | number)[]
  readonly place: Place
}

const MAX_RAW_LENGTH = 80

// The configuration parser keeps no positions and a good file needs none, so this one is loaded only to report an error,
// and by require because reporting is synchronous.
const require = createRequire(import.meta.url)
const loadParser = () => require('toml-eslint-parser') as typeof import('toml-eslint-parser')

function place(text: string, key: AST.HasLocs, value?: AST.HasLocs): Place {
  const { line, column } = key.loc.start
  const raw = value && text.slice(...value.range).replace(/\s+/g, ' ')
  const short = raw !== undefined && raw.length > MAX_RAW_LENGTH ? `${raw.slice(0, MAX_RAW_LENGTH)}…` : raw
  return { line, column: column + 1, raw: short }
}

function collect(text: string, nodes: readonly (AST.TOMLKeyValue | AST.TOMLTable)[], prefix: Entry['path']): Entry[] {
  return nodes.flatMap(node => {
    if (node.type === 'TOMLTable') {
      const path = node.resolvedKey
      return [{ path, place: place(text, node.key) }, ...collect(text, node.body, path)]
    }
    const names = node.key.keys.map(part => (part.type === 'TOMLBare' ? part.name : part.value))
    const path = [...prefix, ...names]
    const here = { path, place: place(text, node.key, node.value) }
    return node.value.type === 'TOMLInlineTable' ? [here, ...collect(text, node.value.body, path)] : [here]
  })
}

/** Reads the positions out of a TOML text that is known to be valid. */
export function createSourceMap(text: string): SourceMap {
  // The parser loses a 0 that is the very last character.
  const [root] = loadParser().parseTOML(`${text}\n`, { tomlVersion: '1.1' }).body
  const places = new Map<string, Place>()
  for (const entry of collect(text, root.body, [])) {
    const key = JSON.stringify(entry.path)
    if (!places.has(key)) places.set(key, entry.place)
  }
  return {
    find(path) {
      for (let length = path.length; length > 0; length--) {
        const found = places.get(JSON.stringify(path.slice(0, length)))
        if (found !== undefined) return found
      }
      return undefined
    },
  }
}
