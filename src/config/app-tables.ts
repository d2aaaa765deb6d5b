import type { AppConfig } from './daemon-config.js'
import { issuesOf, type Problem } from './problem.js'
import { appSection } from './sections.js'
import { isTable, type TomlFile } from './toml-file.js'
import { APP_ID } from './values.js'

export interface AppTables {
  readonly problems: readonly Problem[]
  readonly apps: readonly AppConfig[]
}

/** Reads `[auth.apps.<id>]`. */
export function readAppTables({ content }: TomlFile): AppTables {
  const auth = content['auth']
  const section = isTable(auth) ? auth['apps'] : undefined
  if (section === undefined) return { problems: [], apps: [] }
  if (!isTable(section)) {
    return { problems: [{ path: ['auth', 'apps'], found: section, allowed: 'sections [auth.apps.<id>]' }], apps: [] }
  }
  const problems: Problem[] = []
  const apps = Object.entries(section).flatMap(([id, value]): AppConfig[] => {
    const path = ['auth', 'apps', id]
    if (!APP_ID.test(id)) {
      problems.push({ path, found: id, allowed: 'an id of up to 64 letters, digits, "_", "-" and "."' })
    }
    const parsed = appSection.safeParse(value)
    problems.push(...issuesOf(parsed, path, value))
    if (parsed.data === undefined) return []
    const app = definedIn({ id, ...parsed.data })
    problems.push(...credentialProblems(app, path))
    return [app]
  })
  return { problems: [...problems, ...sharedCredentials(apps)], apps }
}

/** Optional keys of the schemas are there, and undefined. */
function definedIn(app: { readonly [Key in keyof AppConfig]: AppConfig[Key] | undefined }): AppConfig {
  return Object.fromEntries(Object.entries(app).filter(([, value]) => value !== undefined)) as unknown as AppConfig
}

function credentialProblems({ key, secret, tokens, rateLimit, burst }: AppConfig, path: string[]): Problem[] {
  const problems: Problem[] = []
  if ((key === undefined) !== (secret === undefined)) {
    const name = key === undefined ? 'secret' : 'key'
    problems.push({ path: [...path, name], found: '', allowed: 'key and secret together' })
  } else if (key === undefined && tokens.length === 0) {
    problems.push({ path, found: 'no credentials', allowed: 'tokens, or key and secret' })
  }
  if (burst !== undefined && rateLimit === undefined) {
    problems.push({ path: [...path, 'burst'], found: burst, allowed: 'burst only with a rateLimit' })
  }
  return problems
}

/** Credentials that two apps have would say nothing. */
function sharedCredentials(apps: readonly AppConfig[]): Problem[] {
  return apps.flatMap(({ id, key, tokens }, index) => {
    const before = apps.slice(0, index)
    const problems: Problem[] = []
    if (key !== undefined && before.some(other => other.key === key)) {
      problems.push({ path: ['auth', 'apps', id, 'key'], found: '', allowed: 'a key that no other app has' })
    }
    if (tokens.some(token => before.some(other => other.tokens.includes(token)))) {
      problems.push({ path: ['auth', 'apps', id, 'tokens'], found: '', allowed: 'tokens that no other app has' })
    }
    return problems
  })
}
