import type { z } from 'zod'
import type { Problem } from './problem.js'
import type { sectionSchemas } from './sections.js'

type Protocols = z.output<typeof sectionSchemas.protocols>

/** MindSpore is not among them: below its base path only `/model` and `/version` are its own. */
const NAMES = ['ase', 'oip', 'openai', 'edgeboard'] as const

/**
 * Two front-ends at one base path would both answer for what lies below it.
 * @param written the section as it stands in the file; a key in it is blamed before a default is
 */
export function basePathProblems(protocols: Protocols, written: Readonly<Record<string, unknown>>): readonly Problem[] {
  const keys = NAMES.filter(name => protocols[name]).map(name => `${name}Path` as const)
  const defaultsFirst = keys.sort((a, b) => Number(a in written) - Number(b in written))
  const owners = new Map<string, string>()
  return defaultsFirst.flatMap(key => {
    const path = protocols[key]
    const owner = owners.get(path)
    if (owner === undefined) owners.set(path, key)
    const allowed = `a path that no other protocol has: it is that of ${owner}`
    return owner === undefined ? [] : [{ path: ['protocols', key], found: path, allowed }]
  })
}
