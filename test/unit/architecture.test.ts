import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { parseSync } from 'oxc-parser'
import { describe, expect, it } from 'vitest'

const SRC = resolve(import.meta.dirname, '../../src')

/** What each part may import beside itself. One front-end never imports another. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  core: [],
  auth: ['core'],
  tls: ['core'],
  net: [],
  config: ['core'],
  telemetry: ['core'],
  rpc: ['core', 'tls', 'net', 'gen'],
  plugin: ['core', 'rpc', 'telemetry', 'gen'],
  // A program of its own, which shares the frames of plugin protocol 2 with the daemon.
  'native-host': ['core', 'plugin', 'rpc', 'gen'],
  session: ['core', 'telemetry'],
  'protocols/shared': ['core', 'auth', 'tls', 'net', 'telemetry'],
  'protocols/*': ['core', 'auth', 'protocols/shared', 'telemetry', 'rpc', 'gen'],
  cluster: ['core', 'rpc', 'telemetry', 'gen'],
  daemon: ['*'],
  'front-ends': ['*'],
  cli: ['daemon', 'config', 'core', 'telemetry'],
  main: ['cli'],
  gen: [],
}

/** `src/protocols/ase/codec.ts` → `protocols/ase`, `src/daemon.ts` → `daemon`, `src/core/error.ts` → `core`. */
function partOf(file: string): string {
  const [first = '', second = ''] = relative(SRC, file).split('/')
  return first === 'protocols' ? `${first}/${second}` : first.replace(/\.[jt]s$/, '')
}

function importsOf(file: string): string[] {
  const { module, errors } = parseSync(file, readFileSync(file, 'utf8'))
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`)
  const written = [
    ...module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...module.staticExports.flatMap(({ entries }) => entries.flatMap(entry => entry.moduleRequest?.value ?? [])),
    ...module.dynamicImports.map(({ moduleRequest }) =>
      readFileSync(file).subarray(moduleRequest.start, moduleRequest.end).toString().replace(/['"`]/g, ''),
    ),
  ]
  return written.filter(specifier => specifier.startsWith('.')).map(specifier => resolve(dirname(file), specifier))
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => join(SRC, name))

describe('the direction of imports', () => {
  it('sees the source', () => {
    expect(files.length).toBeGreaterThan(40)
    expect(files.flatMap(importsOf).length).toBeGreaterThan(100)
  })

  it('points inward only', () => {
    const wrong = files.flatMap(file => {
      const part = partOf(file)
      const rule = ALLOWED[part] ?? (part.startsWith('protocols/') ? ALLOWED['protocols/*'] : undefined)
      if (rule === undefined) return [`${relative(SRC, file)}: part '${part}' is not in the table`]
      return importsOf(file)
        .map(partOf)
        .filter(target => target !== part && !rule.includes('*') && !rule.includes(target))
        .map(target => `${relative(SRC, file)} imports from ${target}`)
    })
    expect(wrong).toEqual([])
  })

  it('lets the core know no package and no part of Node', () => {
    const specifiers = files
      .filter(file => partOf(file) === 'core')
      .flatMap(file => parseSync(file, readFileSync(file, 'utf8')).module.staticImports)
      .map(({ moduleRequest }) => moduleRequest.value)
    expect(specifiers.filter(specifier => !specifier.startsWith('./'))).toEqual([])
  })
})
