import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Launch } from '../../src/plugin/launch.js'
import { type NativeLaunchOptions, nativeLaunch } from '../../src/plugin/native-launch.js'
import { bundledProgram } from './bundled-program.js'

const SOURCES = fileURLToPath(new URL('../native/', import.meta.url))
const BUILT = fileURLToPath(new URL('../.artifacts/native/', import.meta.url))

const HOST = fileURLToPath(new URL('../../src/native-host/main.ts', import.meta.url))

/** Builds the test engine, unless it is there already, and returns the path of its library. */
export function nativeEngine(flags: readonly string[] = ['-O2']): string {
  const files = readdirSync(SOURCES).filter(name => /\.[ch]$/.test(name))
  const hash = createHash('sha256').update(flags.join(' '))
  for (const name of files) hash.update(readFileSync(join(SOURCES, name)))
  const folder = join(BUILT, hash.digest('hex').slice(0, 16))
  const library = join(folder, 'libwrapper.so')
  if (existsSync(library)) return library
  mkdirSync(folder, { recursive: true })
  // Two test files may build it at the same time.
  const fresh = join(folder, `libwrapper-${process.pid}.so`)
  const sources = files.filter(name => name.endsWith('.c')).map(name => join(SOURCES, name))
  const warnings = ['-std=c11', '-Wall', '-Wextra', '-Werror']
  execFileSync('cc', [...warnings, ...flags, '-g', '-fPIC', '-shared', '-pthread', '-o', fresh, ...sources])
  renameSync(fresh, library)
  return library
}

let host: string | undefined

/** How the native host is started from its sources. */
export function nativeHostLaunch(options: Partial<NativeLaunchOptions>): Launch {
  const launch = nativeLaunch({
    library: nativeEngine(),
    asyncMode: false,
    realTime: true,
    schema: undefined,
    slots: 64,
    cwd: process.cwd(),
    env: process.env,
    socketFolder: undefined,
    ...options,
  })
  const [, ...words] = launch.command.args
  host ??= bundledProgram('native-host', HOST)
  return { ...launch, command: { ...launch.command, args: [host, ...words] } }
}

/** The same with a garbage collection every so many milliseconds, and no room for much that is young in between. */
export function collectingHostLaunch(options: Partial<NativeLaunchOptions>, everyMs = 250): Launch {
  const { command, ...launch } = nativeHostLaunch(options)
  const collect = `data:text/javascript,setInterval(gc,${everyMs}).unref()`
  return {
    ...launch,
    command: { ...command, args: ['--expose-gc', '--max-semi-space-size=1', '--import', collect, ...command.args] },
  }
}

/**
 * The same under AddressSanitizer, with an engine that was built for it: what the engine reads after the host let go of
 * it ends the process.
 */
export function sanitizedHostLaunch(options: Partial<NativeLaunchOptions>): Launch {
  const library = nativeEngine(['-O1', '-fsanitize=address', '-fno-omit-frame-pointer'])
  const { command, env, ...launch } = collectingHostLaunch({ ...options, library }, 20)
  // Optimized soon: code that is not holds on to more than it needs, which would hide what is held nowhere else.
  const args = ['--interrupt-budget=1000', ...command.args]
  const runtime = execFileSync('cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' }).trim()
  // Node itself never frees all that it has when it ends.
  const sanitized = { ...env, LD_PRELOAD: runtime, ASAN_OPTIONS: 'detect_leaks=0' }
  return { ...launch, command: { ...command, args }, env: sanitized }
}
