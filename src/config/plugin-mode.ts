import type { Problem } from './problem.js'

type Environment = Readonly<Record<string, string | undefined>>

const MODE = 'AIGES_PLUGIN_MODE'
const UNSUPPORTED = 'native wrappers are not supported by this build'

/** Checks `AIGES_PLUGIN_MODE`, which must be unset, empty or `python`; says what is wrong, or returns undefined. */
export function pluginModeProblem(env: Environment): string | undefined {
  const mode = env[MODE]
  if (mode === undefined || mode === '' || mode === 'python') return undefined
  const reason = mode === 'c' ? ` (${UNSUPPORTED})` : ''
  return `environment variable ${MODE}: found ${JSON.stringify(mode)}, allowed: "python" or unset${reason}`
}

/** `[aiges] wrapperLib` names a native wrapper, which is served unless `AIGES_PLUGIN_MODE` asks for Python. */
export function wrapperLibProblem(env: Environment, wrapperLib: unknown): Problem | undefined {
  if (env[MODE] === 'python' || wrapperLib === undefined || wrapperLib === '') return undefined
  const allowed = `none, or ${MODE}=python in the environment`
  return { path: ['aiges', 'wrapperLib'], found: wrapperLib, allowed, detail: UNSUPPORTED }
}
