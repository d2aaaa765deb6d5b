import type { Logger } from 'pino'
import type { Resources } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { ModelSchema } from '../core/model.js'
import type { WrapperSeries } from '../telemetry/wrapper-metrics.js'
import { InitError, type PluginChannel, type PluginDescription, type PluginInit } from './channel.js'
import { PluginStartError } from './diagnosis.js'
import { type Handshake, HandshakeError, type PluginAddress, parseHandshake } from './handshake.js'
import { type Launch, OFFERED_PORTS, OFFERED_PROTOCOLS } from './launch.js'
import { foreignListeners, listenerBelow } from './listener-owner.js'
import type { HealthClient } from './plugin-health.js'
import { PluginOutput } from './plugin-output.js'
import { PluginResources } from './plugin-resources.js'
import { createReportTaker } from './reports.js'
import { describeExit, type ProcessExit, type RunningProcess, startProcess } from './runner/process-runner.js'
import { parseWrapperSchema } from './wrapper-schema.js'

export interface PluginStartOptions {
  readonly launch: Launch
  readonly init: PluginInit
  /** Those of the model, as they change. */
  readonly resources: Resources
  /** Where the numbers go that the wrapper reports; undefined: into the log alone. */
  readonly series: WrapperSeries | undefined
  /** From the start of the process to the end of wrapperInit, in ms. */
  readonly startTimeoutMs: number
  readonly log: Logger
}

/** A plugin whose wrapper is ready to work. */
export interface RunningPlugin {
  readonly process: RunningProcess
  /** The process that listens: the one that was started, or one below it, where that is a shell. */
  readonly servedBy: number | undefined
  readonly channel: PluginChannel
  readonly health: HealthClient
  /** Whether it has answered a health check; many plugins have none. */
  readonly answersHealth: boolean
  readonly description: PluginDescription
  readonly schema: ModelSchema | undefined
  readonly resources: PluginResources
  /** Whether it listens on a port of its own choice, which the plugin that follows it will want, too. */
  readonly exclusive: boolean
}

/** How long a plugin that has been initialised may take to answer its first health check, if it has any, in ms. */
const FIRST_HEALTH_MS = 2000

/** How long a plugin that failed to start may take to end after SIGTERM. */
const FAILED_START_GRACE_MS = 1000

/**
 * Starts a plugin: process, handshake, channel, wrapperInit.
 * @param onBroken called when the channel of the running plugin breaks
 * @throws PluginStartError with all that was seen; the process is gone by then
 * @throws the signal's reason when it aborts
 */
export async function startPlugin(
  options: PluginStartOptions,
  signal: AbortSignal,
  onBroken: (why: string) => void,
): Promise<RunningPlugin> {
  const { launch, log, init, startTimeoutMs } = options
  const identity = launch.tls ? await (await import('./plugin-tls.js')).createIdentity() : undefined
  signal.throwIfAborted()
  const output = new PluginOutput(log)
  const reader = new HandshakeReader()
  // Ends every wait below, with the first of: the process ended, the time is over, the caller gave up.
  const start = new AbortController()
  const abandon = () => start.abort(signal.reason)
  signal.addEventListener('abort', abandon)
  const timer = setTimeout(() => start.abort(new Error(`not ready within ${startTimeoutMs} ms`)), startTimeoutMs)

  const process = startProcess({
    file: launch.command.file,
    args: launch.command.args,
    cwd: launch.cwd,
    ...(launch.user && { user: launch.user }),
    env: { ...launch.env, ...(identity && { PLUGIN_CLIENT_CERT: identity.certificate }) },
    onLine: (stream, line) => {
      if (stream === 'stderr' || !reader.take(line)) output.add(stream, line)
    },
  })
  log.info({ pid: process.pid, interpreter: launch.interpreter }, `starting the plugin: ${launch.command.text}`)
  let exit: ProcessExit | undefined
  void process.exited.then(ended => {
    exit = ended
    start.abort(new Error(`the process ${describeExit(ended)}`))
  })

  let channel: PluginChannel | undefined
  let health: HealthClient | undefined
  try {
    const handshake = await reader.handshake(start.signal)
    checkListener(handshake.address, process.pid)
    const servedBy = process.pid && ((await listenerBelow(process.pid, handshake.address)) ?? process.pid)
    // With it comes all of gRPC, which no process has to wait for to be started.
    const { connectPlugin } = await import('./plugin-connection.js')
    const onLine = (stream: 'stdout' | 'stderr', line: string) => output.add(stream, line)
    const onReport = createReportTaker(options.series, log)
    const ending = start.signal
    ;({ channel, health } = connectPlugin({ handshake, identity, onLine, onReport, onBroken, ending, log }))
    const description = await channel.init(init, start.signal)
    const calls = description.abilities.resources ? channel.resources : undefined
    const resources = new PluginResources(options.resources, calls, startTimeoutMs)
    await resources.sync(start.signal)
    const answersHealth = await health.check(FIRST_HEALTH_MS)
    start.signal.throwIfAborted()
    log.info({ pid: process.pid, protocol: channel.protocol, sdk: description.sdk }, 'plugin is ready')
    const exclusive = choosesItsPort(handshake)
    return {
      process,
      servedBy,
      channel,
      health,
      answersHealth,
      description,
      resources,
      schema: readSchema(description, log),
      exclusive,
    }
  } catch (error) {
    const exitBefore = exit
    const endedByUs = start.signal.aborted || error instanceof InitError
    health?.close()
    channel?.close(new ServiceError('not_ready'))
    await process.stop(FAILED_START_GRACE_MS)
    signal.throwIfAborted()
    throw new PluginStartError({
      command: launch.command.text,
      cwd: launch.cwd,
      interpreter: launch.interpreter,
      failure: error instanceof Error ? error.message : String(error),
      firstLine: channel === undefined ? reader.firstLine : undefined,
      // An exit that followed from our own TERM explains nothing. A channel that broke may be known before the exit.
      exit: endedByUs ? exitBefore : exit,
      stderr: output.last,
      initRet: error instanceof InitError ? error.ret : undefined,
    })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', abandon)
  }
}

/** Looks for the handshake among the lines of a plugin's stdout. */
class HandshakeReader {
  /** First ordinary line; stray output before the handshake is allowed, so it matters only when none comes. */
  firstLine: string | undefined
  private found: Handshake | HandshakeError | undefined
  private listener: (() => void) | undefined

  /** @returns whether the line was the handshake */
  take(line: string): boolean {
    if (this.found !== undefined) return false
    try {
      this.found = parseHandshake(line, OFFERED_PROTOCOLS)
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
      this.found = error
    }
    if (this.found === undefined || this.found instanceof HandshakeError) this.firstLine ??= line
    if (this.found === undefined) return false
    this.listener?.()
    return true
  }

  handshake(signal: AbortSignal): Promise<Handshake> {
    return new Promise((resolve, reject) => {
      const settle = () => {
        if (this.found instanceof HandshakeError) reject(this.found)
        else if (this.found !== undefined) resolve(this.found)
      }
      this.listener = settle
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      settle()
    })
  }
}

/** @throws Error when another program listens on the plugin's port, too */
function checkListener(address: PluginAddress, group: number | undefined): void {
  if (address.network !== 'tcp' || group === undefined) return
  const [other] = foreignListeners(address.port, group)
  if (other === undefined) return
  throw new Error(
    `port ${address.port} of the plugin is also listened on by process ${other.pid} (${other.command}); ` +
      'only one plugin of the published SDK can run on a machine, so end the other one, or install the SDK of aiservice',
  )
}

/** The published SDKs, which speak protocol 1, do not look at the range of ports that is offered to them. */
function choosesItsPort({ protocol, address }: Handshake): boolean {
  if (protocol !== 1 || address.network !== 'tcp') return false
  return address.port < OFFERED_PORTS.min || address.port > OFFERED_PORTS.max
}

function readSchema({ schema, schemaProblem }: PluginDescription, log: Logger): ModelSchema | undefined {
  const unchecked = 'requests are not checked against it'
  if (schema === undefined) {
    if (schemaProblem) log.warn(`the plugin could not make its schema, so ${unchecked}: ${schemaProblem}`)
    return undefined
  }
  try {
    return parseWrapperSchema(schema)
  } catch (error) {
    log.warn({ err: error }, `the wrapper's schema cannot be read, so ${unchecked}`)
    return undefined
  }
}
