// Python environments of the tests, made once and kept in test/.cache while their requirements stay the same.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../', import.meta.url))
const cache = join(root, 'test/.cache')

/**
 * `bundled` has what the daemon's own SDK and the examples need, and no `aiges`; `clients` has the published clients of
 * the protocols that others speak; `schemathesis` makes requests of an OpenAPI document, in one version because each makes
 * others of the same seed; the others have the published packages `aiges` 0.5.0 and 0.16.0 and what those pull in.
 */
const ENVIRONMENTS = {
  bundled: () => [
    'grpcio',
    'protobuf',
    'ruff',
    ...requirementsOf('mnist'),
    ...requirementsOf('asr'),
    ...requirementsOf('detect'),
  ],
  clients: () => ['tritonclient[http,grpc]', 'openai'],
  schemathesis: () => ['schemathesis==4.32.5'],
  'pypi-0.5.0': () => ['aiges==0.5.0', 'setuptools<81'],
  'pypi-0.16.0': () => ['aiges==0.16.0', 'setuptools<81'],
}

/** What an example's requirements.txt lists. */
function requirementsOf(example) {
  return readFileSync(join(root, 'examples', example, 'requirements.txt'), 'utf8')
    .split('\n')
    .map(line => line.replace(/#.*/, '').trim())
    .filter(line => line !== '')
}

/** Path of an environment's interpreter, whether it has been made or not. */
export function interpreterOf(name) {
  return join(cache, name, 'bin/python')
}

/** Makes what is missing; returns the interpreters by name, or undefined when one could not be made. */
export function makeEnvironments() {
  mkdirSync(cache, { recursive: true })
  const made = {}
  for (const [name, requirements] of Object.entries(ENVIRONMENTS)) {
    if (!makeEnvironment(name, requirements())) return undefined
    made[name] = interpreterOf(name)
  }
  return made
}

function makeEnvironment(name, packages) {
  const folder = join(cache, name)
  const stamp = join(folder, 'requirements.json')
  const wanted = JSON.stringify(packages)
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return true
  rmSync(folder, { recursive: true, force: true })
  console.log(`making ${folder}: ${packages.join(' ')}`)
  const steps = [
    ['python3', ['-m', 'venv', folder]],
    [interpreterOf(name), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages]],
  ]
  for (const [command, args] of steps) {
    const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
    if (status !== 0) {
      console.error(`${command} ${args.join(' ')} failed${error ? `: ${error.message}` : ''}`)
      return false
    }
  }
  writeFileSync(stamp, wanted)
  return true
}
