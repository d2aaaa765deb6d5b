import { distance } from 'fastest-levenshtein'
import type { TomlTable, TomlValue } from 'smol-toml'
import type { ConfigNotice } from './daemon-config.js'
import {
  APP_KEYS,
  EFFECTIVE_KEYS,
  KEYS_WITHOUT_EFFECT,
  looksLikeService,
  MODEL_KEYS,
  MODEL_SLOTS_KEYS,
  RESERVED_SECTIONS,
  SERVICE_SECTION,
} from './known-keys.js'

import { isTable } from './toml-file.js'

function nearest(name: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map(candidate => ({ candidate, steps: distance(name.toLowerCase(), candidate.toLowerCase()) }))
    .sort((a, b) => a.steps - b.steps)
  const [best] = ranked
  return best !== undefined && best.steps <= Math.max(2, name.length / 2) ? best.candidate : undefined
}

/** What an unknown key was probably meant to be: the same name elsewhere, or a similar one here. */
function suggestion(key: string, section: string): string {
  const home = Object.keys(EFFECTIVE_KEYS).find(name => EFFECTIVE_KEYS[name]?.includes(key))
  if (home !== undefined && home !== SERVICE_SECTION) return `; it belongs in [${home}]`
  const here = [...(EFFECTIVE_KEYS[section] ?? []), ...(KEYS_WITHOUT_EFFECT[section] ?? [])]
  const close = nearest(key, here)
  return close === undefined ? '' : `; did you mean ${close}?`
}

function sectionNotices(file: string, title: string, kind: string, table: TomlTable): ConfigNotice[] {
  const effective = EFFECTIVE_KEYS[kind] ?? []
  const others = Object.keys(table).filter(key => !effective.includes(key))
  const idle = others.filter(key => KEYS_WITHOUT_EFFECT[kind]?.includes(key))
  const unknown = others.filter(key => !idle.includes(key))
  const notices: ConfigNotice[] = unknown.map(key => ({
    level: 'warn',
    message: `${file}: [${title}] ${key}: unknown key, ignored${suggestion(key, kind)}`,
  }))
  if (idle.length > 0) {
    notices.push({ level: 'info', message: `${file}: [${title}] accepted but without effect here: ${idle.join(', ')}` })
  }
  return notices
}

/** Unknown keys of `[models.<key>]` and `[models.<key>.fc]`. */
function modelNotices(file: string, models: TomlTable): ConfigNotice[] {
  return Object.entries(models).flatMap(([name, table]) => {
    if (!isTable(table)) return []
    const { fc, wrapper: _, ...own } = table
    const title = `models.${name}`
    const notices = unknownKeys(file, title, own, MODEL_KEYS, MODEL_SLOTS_KEYS)
    return isTable(fc) ? [...notices, ...unknownKeys(file, `${title}.fc`, fc, MODEL_SLOTS_KEYS, [])] : notices
  })
}

/** Unknown keys of `[auth.apps.<id>]`. */
function appNotices(file: string, apps: TomlValue | undefined): ConfigNotice[] {
  return Object.entries(isTable(apps) ? apps : {}).flatMap(([id, app]) => {
    return isTable(app) ? unknownKeys(file, `auth.apps.${id}`, app, APP_KEYS, []) : []
  })
}

/** @param inner keys of the section `fc` below, where one of them may have been meant to stand */
function unknownKeys(
  file: string,
  title: string,
  table: TomlTable,
  known: readonly string[],
  inner: readonly string[],
): ConfigNotice[] {
  const unknown = Object.keys(table).filter(key => !known.includes(key))
  return unknown.map(key => {
    const close = nearest(key, known)
    const meant = close === undefined ? '' : `; did you mean ${close}?`
    const hint = inner.includes(key) ? `; it belongs in [${title}.fc]` : meant
    return { level: 'warn', message: `${file}: [${title}] ${key}: unknown key, ignored${hint}` }
  })
}

function strangerNotice(file: string, name: string, value: TomlValue): ConfigNotice {
  if (!isTable(value)) {
    return { level: 'warn', message: `${file}: ${name}: unknown key outside of every section, ignored` }
  }
  if (looksLikeService(name, value)) {
    return {
      level: 'info',
      message: `${file}: [${name}] is the section of another service, ignored; -s ${name} serves it`,
    }
  }
  const close = nearest(name, [...RESERVED_SECTIONS])
  const hint = close === undefined ? '' : `; did you mean [${close}]?`
  return { level: 'warn', message: `${file}: [${name}]: unknown section, ignored${hint}` }
}

/**
 * Says what of a file is not acted on: a warning for each unknown key or section, with the nearest known name, and one
 * line a section for the known keys without effect.
 */
export function keyNotices(file: string, content: TomlTable, service: string): ConfigNotice[] {
  return Object.entries(content).flatMap(([name, value]) => {
    const kind = name === service ? SERVICE_SECTION : name
    if (kind === 'wrapper') return []
    if (kind === 'models') return isTable(value) ? modelNotices(file, value) : []
    if (kind !== SERVICE_SECTION && !RESERVED_SECTIONS.has(name)) return [strangerNotice(file, name, value)]
    if (!isTable(value)) return []
    if (kind !== 'auth') return sectionNotices(file, name, kind, value)
    const { apps, ...own } = value
    return [...sectionNotices(file, name, kind, own), ...appNotices(file, apps)]
  })
}
