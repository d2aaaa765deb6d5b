import type { z } from 'zod'
import { ServiceError } from '../core/error.js'
import { createSourceMap, type Place } from './source-map.js'

/** A configuration file that was read; its name is the one that messages show. */
export interface SourceFile {
  readonly name: string
  readonly text: string
}

/** One thing that is wrong with a configuration file. */
export interface Problem {
  /** Section, key and keys of nested tables. */
  readonly path: readonly (string | number)[]
  /** The offending value. */
  readonly found: unknown
  /** What could stand there instead. */
  readonly allowed: string
  /** Why it is wrong, when found and allowed do not say it all. */
  readonly detail?: string
}

/** Keys whose values are not repeated in messages; `key` of `[tls]` is a path. */
const SECRET_KEYS: ReadonlySet<unknown> = new Set(['token', 'tokens', 'key', 'secret'])

/** `[models.<key>]`, `[auth.apps.<id>]` and the sections below are sections of their own; elsewhere the first part of a path is one. */
function sectionOf(path: Problem['path']): { section: string; keys: readonly (string | number)[] } {
  const depth = sectionDepth(path)
  return { section: path.slice(0, depth).join('.'), keys: path.slice(depth) }
}

function sectionDepth([first, second, third, ...rest]: Problem['path']): number {
  if (first === 'auth' && second === 'apps') return 3
  if (first !== 'models') return 1
  return rest.length > 0 && (third === 'fc' || third === 'wrapper') ? 3 : 2
}

/** One line: file, line, column, section, key, what was found and what is allowed. */
function describe(problem: Problem, file: SourceFile, place: Place | undefined): string {
  const { section, keys } = sectionOf(problem.path)
  const where = place === undefined ? file.name : `${file.name}:${place.line}:${place.column}`
  const name = [`[${section}]`, keys.join('.')].filter(part => part !== '').join(' ')
  const found =
    section !== 'tls' && keys.some(key => SECRET_KEYS.has(key))
      ? 'what is not shown here'
      : (place?.raw ?? JSON.stringify(problem.found))
  const detail = problem.detail === undefined ? '' : ` (${problem.detail})`
  return `${where}: ${name}: found ${found}, allowed: ${problem.allowed}${detail}`
}

/** Describes the problems of one file, a line each, in the order of the file. */
export function describeProblems(problems: readonly Problem[], file: SourceFile): readonly string[] {
  if (problems.length === 0) return []
  const positions = createSourceMap(file.text)
  return problems
    .map(problem => ({ problem, place: positions.find(problem.path) }))
    .sort((a, b) => (a.place?.line ?? 0) - (b.place?.line ?? 0))
    .map(({ problem, place }) => describe(problem, file, place))
}

/** What a schema says about a table that stands at `path`. */
export function issuesOf(parsed: z.ZodSafeParseResult<unknown>, path: readonly string[], content: unknown): Problem[] {
  return (parsed.error?.issues ?? []).map(issue => {
    const inner = issue.path.filter(part => typeof part !== 'symbol')
    const found = inner.reduce<unknown>(
      (value, part) => (value as Record<string, unknown> | undefined)?.[part],
      content,
    )
    return { path: [...path, ...inner], found, allowed: issue.message }
  })
}

/** One error that reports all lines at once. */
export function misconfigured(lines: readonly string[], cause?: unknown): ServiceError {
  const [first = ''] = lines
  const message = lines.length === 1 ? first : `${lines.length} errors in the configuration:\n  ${lines.join('\n  ')}`
  return new ServiceError('misconfigured', message, { cause })
}
