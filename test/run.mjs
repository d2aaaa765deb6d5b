// `npm test`: installs what the tests need, then runs everything. Stops at the first step that fails.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const artifacts = join(root, 'test/.artifacts')
const counts = { passed: 0, failed: 0, skipped: 0 }

function run(command, args, options = {}) {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options })
}

function step(title, action) {
  const started = Date.now()
  console.log(`\n── ${title}`)
  const ok = action()
  console.log(`── ${title}: ${ok ? 'ok' : 'FAILED'} after ${((Date.now() - started) / 1000).toFixed(1)} s`)
  if (ok) return
  console.log(`${counts.passed} passed, ${Math.max(1, counts.failed)} failed, ${counts.skipped} skipped`)
  process.exit(1)
}

const succeeds = (command, args, options) => run(command, args, options).status === 0

function vitest(project) {
  const report = join(artifacts, `${project}.json`)
  rmSync(report, { force: true })
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { status } = run(join(root, 'node_modules/.bin/vitest'), ['run', '--project', project, ...reporters])
  if (!existsSync(report)) return false
  const result = JSON.parse(readFileSync(report, 'utf8'))
  counts.passed += result.numPassedTests
  counts.failed += result.numFailedTests
  counts.skipped += result.numPendingTests + result.numTodoTests
  return status === 0 && result.numPassedTests > 0
}

/** Runs a folder's unittest suite with the interpreter of a test environment. */
function unittest(python, folder, top) {
  const { status, stderr } = run(python, ['-m', 'unittest', 'discover', '-s', folder, '-t', top], {
    stdio: ['ignore', 'inherit', 'pipe'],
    encoding: 'utf8',
    env: { ...process.env, PYTHONPATH: join(root, 'plugins/python'), PYTHONDONTWRITEBYTECODE: '1' },
  })
  process.stderr.write(stderr)
  const ran = Number(/^Ran (\d+) tests?/m.exec(stderr)?.[1] ?? 0)
  const missed = name => Number(new RegExp(`${name}=(\\d+)`).exec(stderr)?.[1] ?? 0)
  const failed = missed('failures') + missed('errors')
  counts.failed += failed
  counts.skipped += missed('skipped')
  counts.passed += ran - failed - missed('skipped')
  return status === 0 && ran > 0
}

mkdirSync(artifacts, { recursive: true })
step('install', () => {
  const stamp = join(root, 'node_modules/.package-lock.json')
  if (existsSync(stamp) && succeeds('npm', ['ls', '--silent'], { stdio: 'ignore' })) return true
  return succeeds('npm', ['install', '--no-save', '--no-fund', '--no-audit'])
})
step('generated types are those of proto/', () => succeeds('node', ['test/helpers/generate.mjs', '--check']))
step('typecheck', () => succeeds('npm', ['run', '--silent', 'typecheck']))
step('lint', () => succeeds('npm', ['run', '--silent', 'lint']))
step('build', () => succeeds('npm', ['run', '--silent', 'build']))

const { makeEnvironments } = await import('./helpers/python-environments.mjs')
let python
step('Python environments', () => {
  python = makeEnvironments()
  return python !== undefined
})
step('Python lint', () => succeeds(python.bundled, ['-m', 'ruff', 'check', '--no-cache', 'plugins/python']))
step('unit tests', () => vitest('unit'))
step('Python SDK', () => unittest(python.bundled, 'plugins/python/tests', 'plugins/python'))
step('MNIST example', () => unittest(python.bundled, 'examples/mnist', 'examples/mnist'))
step('MNIST example in C++', () => unittest(python.bundled, 'examples/mnist-native', 'examples/mnist-native'))
step('ASR example', () => unittest(python.bundled, 'examples/asr', 'examples/asr'))
step('Chat example', () => unittest(python.bundled, 'examples/chat', 'examples/chat'))
step('Detection example', () => unittest(python.bundled, 'examples/detect', 'examples/detect'))
step('Tensor example', () => unittest(python.bundled, 'examples/tensors', 'examples/tensors'))
step('conformance tests', () => vitest('conformance'))
step('end-to-end tests', () => vitest('e2e'))
step('chaos, short form', () => succeeds(join(root, 'node_modules/.bin/tsx'), ['test/chaos/run.ts', '--short']))
console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
