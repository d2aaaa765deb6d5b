import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'dist/main.js')

/** The Python environments that `npm test` makes. */
export type PythonName = 'bundled' | 'clients' | 'schemathesis' | 'pypi-0.5.0' | 'pypi-0.16.0'

export function pythonOf(name: PythonName): string {
  return join(ROOT, 'test/.cache', name, 'bin/python')
}

export function wrapperFolder(
  name:
    | 'abilities'
    | 'golden'
    | 'written-for-0.5'
    | 'written-for-0.16'
    | 'minimal'
    | 'faulty'
    | 'ledger'
    | 'streaming'
    | 'classic-stream',
): string {
  return join(ROOT, 'test/helpers/wrappers', name)
}

export interface DaemonOptions {
  /** Working directory; `./wrapper` below it is found by itself. */
  readonly cwd: string
  /** First on PATH, so that `/usr/bin/env python` finds it. */
  readonly python?: PythonName
  /** Lines of aiges.toml by section, beside those that make it listen on free loopback ports. */
  readonly config?: Readonly<Record<string, Readonly<Record<string, string | number | boolean | readonly string[]>>>>
  /** A configuration file of the test's own instead. */
  readonly configFile?: string
  readonly env?: Readonly<Record<string, string>>
  /** Words in front of the daemon's command line: what it is to run under. */
  readonly under?: readonly string[]
}

export interface LogLine {
  readonly level: string
  readonly msg: string
  readonly [key: string]: unknown
}

/** A daemon in a process of its own, with what it has written so far. */
export interface DaemonProcess {
  readonly child: ChildProcess
  readonly log: readonly LogLine[]
  /** All output as text. */
  readonly output: () => string
  /** Resolves with `http` and `grpc` when it serves; rejects with its output when it ends before. */
  readonly ready: Promise<{ readonly http: string; readonly grpc: string }>
  /** Exit code, or the signal's name. */
  readonly exited: Promise<number | string>
  /** Resolves with the first line, past or future, for which `test` holds. */
  line(test: (line: LogLine) => boolean): Promise<LogLine>
  /** SIGTERM, unless it has ended already; resolves with the exit code. */
  stop(): Promise<number | string>
}

/** Each ends a daemon that runs, at once, and removes its folder: those of tests that failed before they could stop theirs. */
const leftOvers = new Set<() => void>()
process.once('exit', () => {
  for (const remove of leftOvers) remove()
})
// So vitest ends its workers.
process.once('SIGTERM', () => process.exit(128 + constants.signals.SIGTERM))

/** Starts `aiservice -m 0 -c … -s svcName` on free ports. Whoever starts it stops it. */
export function startDaemonProcess(options: DaemonOptions): DaemonProcess {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-test-'))
  const config = options.configFile ?? join(folder, 'aiges.toml')
  if (options.configFile === undefined) writeFileSync(config, toToml(folder, options.config ?? {}))
  const path = [dirname(pythonOf(options.python ?? 'bundled')), process.env['PATH']].join(delimiter)
  const words = [...(options.under ?? []), process.execPath, MAIN, '-m', '0', '-c', config, '-s', 'svcName']
  const child = spawn(words[0] as string, words.slice(1), {
    cwd: options.cwd,
    env: { ...process.env, PATH: path, PYTHONDONTWRITEBYTECODE: '1', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const log: LogLine[] = []
  const output: string[] = []
  const waiting = new Set<(line: LogLine) => void>()
  const take = (text: string) => {
    output.push(text)
    if (!text.startsWith('{')) return
    const line = JSON.parse(text) as LogLine
    log.push(line)
    for (const listener of waiting) listener(line)
  }
  createInterface({ input: child.stdout }).on('line', take)
  createInterface({ input: child.stderr }).on('line', take)

  const remove = () => {
    child.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  leftOvers.add(remove)
  const exited = new Promise<number | string>(resolve => {
    child.once('close', (code, signal) => {
      leftOvers.delete(remove)
      rmSync(folder, { recursive: true, force: true })
      resolve(signal ?? code ?? 0)
    })
  })
  const line: DaemonProcess['line'] = test =>
    new Promise(resolve => {
      const known = log.find(test)
      if (known) return resolve(known)
      const listener = (candidate: LogLine) => {
        if (!test(candidate)) return
        waiting.delete(listener)
        resolve(candidate)
      }
      waiting.add(listener)
    })
  const ready = Promise.race([
    line(({ msg }) => msg === 'ready').then(entry => ({ http: String(entry['http']), grpc: String(entry['grpc']) })),
    exited.then(code => Promise.reject(new Error(`the daemon ended with ${code}:\n${output.join('\n')}`))),
  ])
  // A test that only waits for the exit does not look at this one.
  ready.catch(() => {})
  return {
    child,
    log,
    output: () => output.join('\n'),
    ready,
    exited,
    line,
    stop: () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      return exited
    },
  }
}

function toToml(folder: string, config: NonNullable<DaemonOptions['config']>): string {
  const base: Record<string, Record<string, string | number | boolean | readonly string[]>> = {
    svcName: { host: '127.0.0.1', port: 0 },
    wrapper: { http_listen: '127.0.0.1:0' },
    fc: { max: 64 },
    log: { level: 'debug', file: join(folder, 'aiges.log') },
  }
  for (const [section, values] of Object.entries(config)) base[section] = { ...base[section], ...values }
  return Object.entries(base)
    .map(([section, values]) => {
      const lines = Object.entries(values).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
      return `[${section}]\n${lines.join('\n')}\n`
    })
    .join('\n')
}
