/**
 * From a fresh clone to a running MNIST service: installs and builds what is missing or out of date, then runs the
 * daemon in the foreground. `npm run quickstart`.
 *
 * Plain Node up to the moment when the packages are installed. Nothing that is up to date is done again.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { get } from 'node:http'
import { connect } from 'node:net'
import { delimiter, dirname, join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'

const EXAMPLE = dirname(fileURLToPath(import.meta.url))
const ROOT = join(EXAMPLE, '..', '..')
const VENV = join(EXAMPLE, '.venv')
const PYTHONS = ['python3', 'python', ...[14, 13, 12, 11, 10, 9].map(minor => `python3.${minor}`)]
const HTTP_PORT = 1888

/** What the user can act on; shown without a stack. */
class SetUpError extends Error {}

const say = text => console.log(`\n==> ${text}`)

/**
 * Runs a program to its end: `{code, output}`, or code -1 where it does not exist. A signal that ends us ends it, too.
 * Its output is shown, or collected where `quiet`.
 */
async function run(file, args, { quiet = false } = {}) {
  const child = spawn(file, args, {
    cwd: ROOT,
    stdio: ['ignore', quiet ? 'pipe' : 'inherit', quiet ? 'pipe' : 'inherit'],
  })
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  let received
  const pass = signal => {
    received = signal
    child.kill(signal)
  }
  for (const signal of signals) process.on(signal, pass)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', text => {
      output += text
    })
  }
  const code = await new Promise(resolve => {
    child.once('error', () => resolve(-1))
    child.once('close', exitCode => resolve(exitCode ?? 1))
  })
  for (const signal of signals) process.off(signal, pass)
  if (received !== undefined) process.kill(process.pid, received)
  return { code, output }
}

const modified = path => (existsSync(path) ? statSync(path).mtimeMs : 0)

function newest(folder) {
  if (!existsSync(folder)) return 0
  const times = readdirSync(folder, { withFileTypes: true }).map(entry =>
    entry.isDirectory() ? newest(join(folder, entry.name)) : modified(join(folder, entry.name)),
  )
  return Math.max(0, ...times)
}

async function installNodePackages() {
  // npm writes this file at the end of an installation.
  if (modified(join(ROOT, 'node_modules', '.package-lock.json')) >= modified(join(ROOT, 'package-lock.json'))) return
  say('Installing Node packages (npm install)')
  // Not `npm ci`: it refuses a lockfile that leaves out optional packages for other platforms. The lockfile stays as it is.
  const { code } = await run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
  if (code === -1) throw new SetUpError('npm was not found; it comes with Node (Debian: apt install npm)')
  if (code !== 0) throw new SetUpError(`npm install failed with exit code ${code}; its message stands above`)
}

async function build() {
  // What packages have is part of what is built.
  const parts = ['tsconfig.build.json', 'bundle.mjs', 'package-lock.json'].map(file => modified(join(ROOT, file)))
  const sources = Math.max(newest(join(ROOT, 'src')), ...parts)
  if (existsSync(join(ROOT, 'dist', 'main.js')) && newest(join(ROOT, 'dist')) >= sources) return
  say('Building the daemon (npm run build)')
  const { code } = await run('npm', ['run', '--silent', 'build'])
  if (code !== 0) throw new SetUpError(`npm run build failed with exit code ${code}`)
}

/** The first Python ≥ 3.9 that can make virtual environments. */
async function findPython() {
  const question = 'import sys; print("%d.%d" % sys.version_info[:2]); import ensurepip, venv'
  const seen = []
  for (const python of PYTHONS) {
    const { code, output } = await run(python, ['-c', question], { quiet: true })
    const [, minor] = /^3\.(\d+)\s/.exec(output) ?? []
    if (code === 0 && Number(minor) >= 9) return python
    if (code !== -1) seen.push({ python, version: output.split('\n')[0], noVenv: Number(minor) >= 9 })
  }
  const noVenv = seen.find(one => one.noVenv)
  if (noVenv) {
    throw new SetUpError(
      `${noVenv.python} (${noVenv.version}) has no venv module; Debian and Ubuntu: apt install python3-venv`,
    )
  }
  const found = seen.map(one => `${one.python} is ${one.version || 'not working'}`).join(', ') || 'none was found'
  throw new SetUpError(`Python 3.9 or newer is needed (${found})`)
}

async function installPythonPackages() {
  // Node's own packages are in place by now.
  const { parse } = await import('smol-toml')
  const project = readFileSync(join(ROOT, 'plugins', 'python', 'pyproject.toml'), 'utf8')
  const requirements = join(EXAMPLE, 'requirements.txt')
  const sdkNeeds = parse(project).project.dependencies
  const stamp = join(VENV, 'installed')
  const wanted = createHash('sha256').update(readFileSync(requirements)).update(JSON.stringify(sdkNeeds)).digest('hex')
  const python = join(VENV, 'bin', 'python')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
    const { code } = await run(python, ['-c', ''], { quiet: true })
    if (code === 0) return
  }
  rmSync(stamp, { force: true })

  const base = await findPython()
  say(`Making a virtual environment with ${base} (examples/mnist/.venv)`)
  const made = await run(base, ['-m', 'venv', '--clear', VENV], { quiet: true })
  if (made.code !== 0) throw new SetUpError(`${base} -m venv failed:\n${made.output.trim()}`)
  say('Installing Python packages (onnxruntime, numpy, Pillow, grpcio, protobuf)')
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input']
  const { code } = await run(python, [...pip, '-r', requirements, ...sdkNeeds])
  if (code !== 0) {
    throw new SetUpError(
      `pip failed with exit code ${code}; its message stands above. Is PyPI reachable, and has onnxruntime a wheel for this Python?`,
    )
  }
  writeFileSync(stamp, wanted)
}

/** Whether somebody listens already: then /readyz would tell of another daemon, and ours will say that it cannot listen. */
function portIsTaken() {
  return new Promise(resolve => {
    const socket = connect(HTTP_PORT, '127.0.0.1')
    socket.once('connect', () => resolve(socket.destroy() && true))
    socket.once('error', () => resolve(false))
  })
}

function isReady(address) {
  return new Promise(resolve => {
    // A connection of its own: a kept one would hold up a daemon that is asked to stop.
    const request = get(`${address}/readyz`, { agent: false }, answer => {
      answer.resume()
      resolve(answer.statusCode === 200)
    })
    request.once('error', () => resolve(false))
  })
}

async function announceWhenReady() {
  const address = `http://127.0.0.1:${HTTP_PORT}`
  while (!(await isReady(address))) {
    // Waiting must not keep a daemon's process alive that failed to start.
    await wait(200, undefined, { ref: false })
  }
  say(`MNIST is ready. Open ${address} and press "Try it out", or paste this in another terminal, in this folder:`)
  console.log(
    `\ncurl -s ${address}/v1/svcName -H 'Content-Type: application/json' -d @examples/mnist/request.json\n\nCtrl-C ends it.\n`,
  )
}

/**
 * Becomes the daemon: `node dist/main.js -m 0 -c aiges.toml -s svcName` in the example's folder. In this very process,
 * so that every signal reaches the daemon once and directly, its exit code is ours, and neither can outlive the other.
 */
async function becomeDaemon() {
  if (!(await portIsTaken())) void announceWhenReady()
  const main = join(ROOT, 'dist', 'main.js')
  process.chdir(EXAMPLE)
  process.env.VIRTUAL_ENV = VENV
  process.env.PATH = join(VENV, 'bin') + delimiter + process.env.PATH
  delete process.env.PYTHONHOME
  process.argv = [process.execPath, main, '-m', '0', '-c', 'aiges.toml', '-s', 'svcName']
  await import(pathToFileURL(main).href)
}

async function quickstart() {
  const major = Number(process.versions.node.split('.')[0])
  if (major < 20) throw new SetUpError(`Node 20 or newer is needed; this is ${process.versions.node}`)
  await installNodePackages()
  await build()
  await installPythonPackages()
  say('Starting the daemon')
  await becomeDaemon()
}

try {
  await quickstart()
} catch (error) {
  if (!(error instanceof SetUpError)) throw error
  console.error(`\nquickstart: ${error.message}`)
  process.exitCode = 1
}
