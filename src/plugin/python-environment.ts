import { type ExecFileException, execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { PluginUser } from './plugin-user.js'
import { tiedToParent } from './runner/death-signal.js'
import { DAEMON_MARK } from './runner/process-marks.js'

/** What a Python interpreter says of itself. */
export interface PythonFacts {
  readonly executable: string
  readonly version: string
  /** File of the `aiges` package that it finds by itself, if any. */
  readonly aiges: string | null
  readonly grpc: boolean
  readonly protobuf: boolean
}

/** Why an interpreter could not be asked. */
export interface PythonUnknown {
  readonly problem: string
}

/** The SDK that comes with the daemon; used when the interpreter has none of its own. */
export const BUNDLED_SDK = fileURLToPath(new URL('../../plugins/python', import.meta.url))

const PROBE = `
import importlib.util, json, sys
def origin(name):
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    return spec.origin if spec and spec.origin else None
print("AIGES_PROBE" + json.dumps({
    "executable": sys.executable, "version": sys.version.split()[0], "aiges": origin("aiges"),
    "grpc": origin("grpc") is not None, "protobuf": origin("google.protobuf") is not None,
}))
`

export interface ProbeOptions {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly timeoutMs: number
  /** Ends the interpreter when it aborts. */
  readonly signal?: AbortSignal | undefined
  /** Whom the plugin runs as. */
  readonly user?: PluginUser | undefined
}

/** Asks an interpreter, in the environment that its plugin will have, what it can import. */
export function probePython(
  interpreter: readonly string[],
  options: ProbeOptions,
): Promise<PythonFacts | PythonUnknown> {
  const [program = '', ...words] = interpreter
  const { cwd, env, timeoutMs: timeout, signal, user } = options
  const { file, args, as } = tiedToParent({ file: program, args: [...words, '-c', PROBE], cwd, env }, user)
  return new Promise(resolve => {
    const marked = { ...env, [DAEMON_MARK.name]: DAEMON_MARK.value }
    const child = execFile(
      file,
      [...args],
      { cwd, env: marked, timeout, ...(signal && { signal }), ...as },
      (error, stdout, stderr) => {
        const line = stdout.split('\n').find(candidate => candidate.startsWith('AIGES_PROBE'))
        if (line !== undefined) resolve(JSON.parse(line.slice('AIGES_PROBE'.length)) as PythonFacts)
        else resolve({ problem: stderr.trim().split('\n').at(-1) || describeFailure(error, timeout) })
      },
    )
    child.stdin?.end()
  })
}

/** In a few words: the error's own message repeats the whole command. */
function describeFailure(error: ExecFileException | null, timeoutMs: number): string {
  if (error === null) return 'it printed nothing'
  if (error.code === 'ENOENT') return 'no such file'
  if (error.code === 'EACCES') return 'permission denied'
  if (error.killed) return `no answer within ${timeoutMs} ms`
  return error.signal ? `it was ended by ${error.signal}` : `it exited with code ${error.code}`
}

/**
 * PYTHONPATH for a plugin: `./wrapper` if it holds wrapper.py, the working directory, then what was there. So nothing
 * needs to be exported by hand.
 */
export function pythonPath(cwd: string, inherited: string | undefined): string {
  const wrapper = join(cwd, 'wrapper')
  const own = existsSync(join(wrapper, 'wrapper.py')) ? [wrapper, cwd] : [cwd]
  return [...own, ...(inherited ? [inherited] : [])].join(delimiter)
}

/** What the interpreter lacks to run a plugin, with the command that mends it; undefined when it lacks nothing. */
export function missingPackages(facts: PythonFacts): string | undefined {
  const missing = [...(facts.grpc ? [] : ['grpcio']), ...(facts.protobuf ? [] : ['protobuf'])]
  if (missing.length === 0) return undefined
  const interpreter = `${facts.executable} (Python ${facts.version})`
  return `${interpreter} lacks ${missing.join(' and ')}; run: ${facts.executable} -m pip install grpcio protobuf`
}
