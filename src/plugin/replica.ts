import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { Lease, WrapperCall, WrapperResult, WrapperSession } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { PluginCall, SessionCall } from './channel.js'
import { PluginStartError } from './diagnosis.js'
import { type PluginStartOptions, type RunningPlugin, startPlugin } from './plugin-process.js'
import { describeExit, type ProcessExit } from './runner/process-runner.js'

/**
 * What a replica is doing. Transitions:
 * stopped → starting (start) · starting → ready (wrapperInit returned 0) · starting → backoff (it did not start)
 * · ready → starting (the process ended) · backoff → starting (the wait is over) · any → draining → stopped (stop)
 */
export type ReplicaState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly abort: AbortController }
  | { readonly kind: 'ready'; readonly plugin: RunningPlugin }
  | { readonly kind: 'backoff'; readonly error: PluginStartError; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'draining' }

/** Waits between starts that fail, in ms: doubled each time, with jitter. */
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 30_000

export interface ReplicaOptions extends PluginStartOptions {
  /** How long a plugin may take to end after SIGTERM before it is killed, in ms. */
  readonly termGraceMs: number
}

/** One plugin process and its successors: started, watched, started again when it ends. */
export class Replica {
  state: ReplicaState = { kind: 'stopped' }
  /** Calls that the wrapper is working on. */
  busy = 0
  /** Called whenever the last of them has ended. */
  onIdle: (() => void) | undefined
  /** Why the last attempt failed, until one succeeds. */
  failure: PluginStartError | undefined
  private failures = 0
  private starting: Promise<void> | undefined

  constructor(
    private readonly options: ReplicaOptions,
    private readonly onChange: () => void,
    private readonly log: Logger,
  ) {}

  /**
   * Resolves when the first attempt is decided: with the state `ready` or `backoff`. Its failure is the caller's to
   * report; those of later attempts are logged here.
   */
  start(): Promise<void> {
    this.starting = this.attempt(() => {})
    return this.starting
  }

  acquire(plugin: RunningPlugin): Lease {
    this.busy += 1
    return new ReplicaLease(plugin, () => {
      this.busy -= 1
      if (this.busy === 0) this.onIdle?.()
    })
  }

  /** Asks the plugin to end, and ends it. Whoever stops a replica has drained it before. */
  async stop(graceMs: number): Promise<void> {
    const { state } = this
    this.change({ kind: 'draining' })
    if (state.kind === 'backoff') clearTimeout(state.timer)
    if (state.kind === 'starting') state.abort.abort(new Error('the plugin is being stopped'))
    await this.starting
    if (state.kind === 'ready') await this.end(state.plugin, graceMs)
    this.change({ kind: 'stopped' })
  }

  private async end({ channel, process }: RunningPlugin, graceMs: number): Promise<void> {
    const deadline = performance.now() + graceMs
    let exits = process.exited as Promise<unknown>
    try {
      await channel.shutdown(graceMs)
    } catch (error) {
      this.log.debug({ err: error }, 'the plugin did not agree to Shutdown')
      exits = Promise.resolve()
    }
    channel.close(new ServiceError('not_ready', 'the plugin is being stopped'))
    // What a program does between its answer and its end is part of its orderly exit.
    await Promise.race([exits, delay(deadline - performance.now(), undefined, { ref: false })])
    await process.stop(this.options.termGraceMs)
  }

  private async attempt(report = (text: string) => this.log.error(text)): Promise<void> {
    const abort = new AbortController()
    this.change({ kind: 'starting', abort })
    let broken: string | undefined
    try {
      const plugin = await startPlugin(this.options, abort.signal, why => {
        broken = why
        // A process that lives but no longer talks is of no use; its end brings the next one.
        if (this.state.kind === 'ready') void this.state.plugin.process.stop(this.options.termGraceMs)
      })
      if (abort.signal.aborted) {
        await this.end(plugin, 0)
        return
      }
      this.failures = 0
      this.failure = undefined
      this.change({ kind: 'ready', plugin })
      // One that came while the last one of them was loaded.
      plugin.resources.sync().catch(error => this.log.error({ err: error }, 'a resource could not be loaded'))
      void plugin.process.exited.then(exit => this.lost(plugin, exit, broken))
    } catch (error) {
      if (abort.signal.aborted) return
      this.backOff(asStartError(error, this.options), report)
    }
  }

  private lost(plugin: RunningPlugin, exit: ProcessExit, broken: string | undefined): void {
    const crashed = new ServiceError('plugin_crashed', `the plugin ${describeExit(exit)} while it worked on this`)
    plugin.channel.close(crashed)
    if (this.state.kind !== 'ready') return
    const last = { pid: plugin.process.pid, ...(broken && { channel: broken }) }
    this.log.error(last, `the plugin ${describeExit(exit)}; starting it again`)
    this.starting = this.attempt()
  }

  private backOff(error: PluginStartError, report: (text: string) => void): void {
    const delay = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** this.failures) * (0.5 + Math.random() / 2)
    this.failures += 1
    this.failure = error
    const timer = setTimeout(() => {
      this.starting = this.attempt()
    }, delay)
    this.change({ kind: 'backoff', error, timer })
    report(`${error.message}\n  next attempt in ${Math.round(delay)} ms`)
  }

  private change(state: ReplicaState): void {
    this.state = state
    this.onChange()
  }
}

class ReplicaLease implements Lease {
  private call: PluginCall | undefined

  constructor(
    private readonly plugin: RunningPlugin,
    private readonly released: () => void,
  ) {}

  once(call: WrapperCall): Promise<WrapperResult> {
    const begun = this.plugin.channel.once(call)
    this.call = begun
    return begun.result
  }

  stream(call: WrapperCall): AsyncIterable<WrapperResult> {
    const begun = this.plugin.channel.stream(call)
    this.call = begun
    return begun.results
  }

  async open(call: SessionCall): Promise<WrapperSession> {
    const session = this.plugin.channel.open(call)
    this.call = session
    await session.opened
    return session
  }

  cancel(reason: ServiceError): void {
    this.call?.cancel(reason)
  }

  release(onIdle: () => void): void {
    const idle = () => {
      this.released()
      onIdle()
    }
    if (this.call === undefined) idle()
    else this.call.whenIdle(idle)
  }
}

function asStartError(error: unknown, { launch }: PluginStartOptions): PluginStartError {
  if (error instanceof PluginStartError) return error
  const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new PluginStartError({ command: launch.command.text, cwd: launch.cwd, failure, stderr: [] })
}
