import { existsSync } from 'node:fs'
import { delimiter } from 'node:path'
import { type PluginCommand, parseCommand } from './command.js'
import { PluginStartError } from './diagnosis.js'
import type { PluginUser } from './plugin-user.js'
import { BUNDLED_SDK, missingPackages, type PythonFacts, probePython, pythonPath } from './python-environment.js'

/** Protocols that this host offers to a plugin, best last. */
export const OFFERED_PROTOCOLS: readonly number[] = [1, 2]

/** TCP ports from which a plugin is asked to pick one, if it does not use a Unix socket. */
export const OFFERED_PORTS = { min: 10_000, max: 25_000 } as const

export interface LaunchOptions {
  /** Command that starts a plugin; undefined: `python -m aiges.serve` with the first Python on PATH. */
  readonly command: string | undefined
  readonly cwd: string
  /** Whether plugins are spoken to over mutual TLS. Default false. */
  readonly tls?: boolean
  /** What plugins get of the daemon's environment. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder for Unix sockets; undefined: plugins are asked to use TCP. */
  readonly socketFolder: string | undefined
  /** Whom plugins run as. Default: whom the daemon runs as. */
  readonly user?: PluginUser | undefined
  /** How long the interpreter may take to say what it can import, in ms. */
  readonly probeTimeoutMs: number
  /** Ends the interpreter while it is asked. */
  readonly signal?: AbortSignal
}

/** How the processes of a plugin are started; the same for every replica and restart. */
export interface Launch {
  readonly command: PluginCommand
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** The interpreter in words, for messages; undefined when the command runs none that is known. */
  readonly interpreter: string | undefined
  /** Every process gets a certificate in `PLUGIN_CLIENT_CERT` and has to answer with its own. Default false. */
  readonly tls?: boolean
  /** Whom the processes run as. Default: whom the daemon runs as. */
  readonly user?: PluginUser | undefined
}

/** The reference's default, and what it is called where a system has no `python`. */
const DEFAULT_COMMANDS = ['/usr/bin/env python -m aiges.serve', '/usr/bin/env python3 -m aiges.serve']

/**
 * Finds out how a plugin is to be started. The interpreter is asked first, because the SDK that comes with the daemon
 * is put on its path only when it finds none of its own.
 * @throws PluginStartError when the interpreter cannot run or lacks what the bundled SDK needs
 */
export async function prepareLaunch(options: LaunchOptions): Promise<Launch> {
  const { cwd, socketFolder, probeTimeoutMs: timeoutMs, signal, tls = false, user } = options
  if (!existsSync(cwd)) {
    const failure = 'its working directory does not exist'
    throw new PluginStartError({ command: options.command ?? '', cwd, failure, stderr: [] })
  }
  const env = pluginEnvironment(options.env, cwd, socketFolder, user)
  const candidates = options.command === undefined ? DEFAULT_COMMANDS : [options.command]
  const problems: string[] = []
  for (const text of candidates) {
    const command = parseCommand(text)
    if (command.interpreter === undefined) return { command, cwd, env, interpreter: undefined, tls, user }
    const facts = await probePython(command.interpreter, { cwd, env, timeoutMs, signal, user })
    if (!('problem' in facts))
      return withSdk({ command, cwd, env, interpreter: describeInterpreter(facts), tls, user }, facts)
    problems.push(`'${command.interpreter.join(' ')}' cannot be run: ${facts.problem}`)
  }
  throw new PluginStartError({ command: candidates[0] ?? '', cwd, failure: problems.join('; '), stderr: [] })
}

function withSdk(launch: Launch, facts: PythonFacts): Launch {
  if (facts.aiges !== null) return launch
  const missing = missingPackages(facts)
  if (missing !== undefined) {
    const { command, cwd, interpreter } = launch
    throw new PluginStartError({ command: command.text, cwd, interpreter, failure: missing, stderr: [] })
  }
  const { env } = launch
  return { ...launch, env: { ...env, PYTHONPATH: `${env['PYTHONPATH']}${delimiter}${BUNDLED_SDK}` } }
}

function describeInterpreter(facts: PythonFacts): string {
  return `${facts.executable} (Python ${facts.version}, aiges: ${facts.aiges ?? 'the one that comes with aiservice'})`
}

/** The environment of a plugin's processes: what they get of the daemon's, and what the host and Python need. */
export function pluginEnvironment(
  daemon: LaunchOptions['env'],
  cwd: string,
  socketFolder: string | undefined,
  user: PluginUser | undefined,
): Record<string, string> {
  // A daemon that is itself somebody's plugin has been told things that are not for its own plugins.
  const { PLUGIN_CLIENT_CERT: _, PLUGIN_MULTIPLEX_GRPC: __, ...rest } = daemon
  const inherited = Object.entries(rest).filter((entry): entry is [string, string] => entry[1] !== undefined)
  return {
    ...Object.fromEntries(inherited),
    ...(user && { HOME: user.home, USER: user.name, LOGNAME: user.name }),
    // The go-plugin convention: cookie, offered protocols, ports.
    BASIC_PLUGIN: 'hello',
    PLUGIN_PROTOCOL_VERSIONS: OFFERED_PROTOCOLS.join(','),
    PLUGIN_MIN_PORT: String(OFFERED_PORTS.min),
    PLUGIN_MAX_PORT: String(OFFERED_PORTS.max),
    ...(socketFolder && { PLUGIN_UNIX_SOCKET_DIR: socketFolder }),
    PYTHONPATH: pythonPath(cwd, daemon['PYTHONPATH']),
    // What a wrapper prints reaches the log when it is printed, and non-ASCII text does not depend on the locale.
    PYTHONUNBUFFERED: '1',
    PYTHONIOENCODING: 'utf-8',
  }
}
