import type { z } from 'zod'
import type { Problem } from './problem.js'
import type { sectionSchemas } from './sections.js'

type Protocols = z.output<typeof sectionSchemas.protocols>

const NAMES = ['ase', 'oip', 'openai', 'mindspore', 'edgeboard'] as const

/** The daemon's own pages. */
const PAGES = ['/swagger', '/admin', '/openapi.json', '/test.json', '/livez', '/readyz', '/metrics'] as const

/**
 * Two front-ends at one path would both answer for what lies below it.
 * @param written the section as it stands in the file; a key in it is blamed before a default is
 */
export function basePathProblems(protocols: Protocols, written: Readonly<Record<string, unknown>>): readonly Problem[] {
  const keys = NAMES.filter(name => protocols[name]).map(name => `${name}Path` as const)
  const defaultsFirst = keys.sort((a, b) => Number(a in written) - Number(b in written))
  const owners = new Map<string, string>(PAGES.map(page => [page, "the daemon's own pages"]))
  return defaultsFirst.flatMap(key => {
    const path = protocols[key]
    const claimed = claimedBy(key, path)
    const owner = claimed.map(claim => owners.get(claim)).find(other => other !== undefined)
    for (const claim of claimed) if (!owners.has(claim)) owners.set(claim, key)
    if (owner !== undefined) {
      const allowed = `a path that no other protocol has: it is that of ${owner}`
      return [{ path: ['protocols', key], found: path, allowed }]
    }
    // The protocol says at its base path itself what the server is, and the root is the API page.
    if (key !== 'oipPath' || path !== '/') return []
    return [{ path: ['protocols', key], found: path, allowed: 'a path below the root, which is that of the API page' }]
  })
}

/** What a protocol has for itself alone. MindSpore's paths begin with a word of its own where its base path is the root. */
function claimedBy(key: `${(typeof NAMES)[number]}Path`, path: string): readonly string[] {
  return key === 'mindsporePath' && path === '/' ? ['/model', '/version'] : [path]
}
