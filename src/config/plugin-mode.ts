type Environment = Readonly<Record<string, string | undefined>>

const MODE = 'AIGES_PLUGIN_MODE'

/** Checks `AIGES_PLUGIN_MODE`, which must be unset, empty, `c` or `python`; says what is wrong, or returns undefined. */
export function pluginModeProblem(env: Environment): string | undefined {
  const mode = env[MODE]
  if (mode === undefined || mode === '' || mode === 'c' || mode === 'python') return undefined
  return `environment variable ${MODE}: found ${JSON.stringify(mode)}, allowed: "c", "python" or unset`
}

/** Whether a native wrapper is served: the environment decides, and where it says nothing, whether a library is named. */
export function isNative(env: Environment, wrapperLib: string): boolean {
  return env[MODE] === 'c' || (env[MODE] !== 'python' && wrapperLib !== '')
}
