// The processes of the benchmark: the daemon, what it is compared with, and the load clients.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { interpreterOf } from '../helpers/python-environments.mjs'

/** Folder of the package. */
export const root = fileURLToPath(new URL('../../', import.meta.url))

/** The seed's request: 5 KB of JSON with an image. */
export const bodyFile = join(root, 'test/conformance/golden/seed-request.json')

const START_TIMEOUT_MS = 30_000

/** Starts a program; `found` resolves with what `find` makes of one of the lines that it prints. */
export function start(command, args, options, find) {
  const { stdio = ['ignore', 'pipe', 'inherit'], ...others } = options
  const child = spawn(command, args, { ...others, stdio })
  const name = [command, ...args].join(' ')
  let timer
  let lastLine = ''
  const found = new Promise((resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} said nothing in time`)), START_TIMEOUT_MS)
    createInterface({ input: child.stdout }).on('line', line => {
      lastLine = line
      const result = find(line)
      if (result !== undefined) resolve(result)
    })
    child.once('error', reject)
    // Not before all that it printed was read.
    child.once('close', (code, signal) => reject(new Error(`${name} ended with ${code ?? signal}: ${lastLine}`)))
  })
  const settled = () => clearTimeout(timer)
  void found.then(settled, settled)
  return { child, found }
}

/** Asks a process to end and waits until it has. */
export async function stop(child) {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise(resolve => child.once('exit', resolve))
  child.kill('SIGTERM')
  await gone
}

/**
 * Starts the daemon in the folder of a wrapper; `found` resolves with the addresses `http` and `grpc`.
 * @param wrapper name of a folder beside this file
 * @param sections lines of aiges.toml besides those that every benchmark needs
 * @param nodeArguments for Node itself
 * @param settings lines of the section [wrapper]
 */
export function startDaemon(wrapper, sections, nodeArguments = [], stdio = undefined, settings = '') {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-bench-'))
  const config = join(folder, 'aiges.toml')
  writeFileSync(
    config,
    `[svcName]\nhost = "127.0.0.1"\nport = 0\n[wrapper]\nhttp_listen = "127.0.0.1:0"\n${settings}` +
      `[log]\nlevel = "info"\nfile = "${join(folder, 'aiges.log')}"\n${sections}`,
  )
  const path = `${join(interpreterOf('bundled'), '..')}${delimiter}${process.env.PATH}`
  const options = { cwd: join(root, 'test/bench', wrapper), env: { ...process.env, PATH: path }, stdio }
  const args = [...nodeArguments, join(root, 'dist/main.js'), '-m', '0', '-c', config]
  const { child, found } = start(process.execPath, args, options, line => {
    const entry = line.startsWith('{') ? JSON.parse(line) : {}
    return entry.msg === 'ready' ? entry : undefined
  })
  return {
    child,
    found,
    async stop() {
      await stop(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * Starts a load client, a script beside this file that prints its results as lines of JSON; `found` resolves with the
 * first one.
 * @param task handed to it as JSON
 * @param signal kills it
 */
export function startClient(script, task, signal) {
  const args = [join(root, 'test/bench', script), JSON.stringify(task)]
  return start(process.execPath, args, { signal, killSignal: 'SIGKILL' }, line => JSON.parse(line))
}
