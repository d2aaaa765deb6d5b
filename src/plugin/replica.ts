import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from 'pino'
import { ServiceError } from '../core/error.js'
import { InFlight } from '../core/in-flight.js'
import { PluginStartError } from './diagnosis.js'
import { Place } from './place.js'
import { type PluginStartOptions, type RunningPlugin, startPlugin } from './plugin-process.js'
import { type WatchTimes, watchPlugin } from './plugin-watch.js'
import { describeExit, type ProcessExit } from './runner/process-runner.js'

/**
 * What a replica is doing. Transitions:
 * stopped → starting (start) · starting → ready (wrapperInit returned 0) · starting → backoff (it did not start)
 * · ready → starting (the process ended) · ready → ending (it hangs, or is to be exchanged) · ready → frozen (its process
 * is stopped) · frozen → ready (it goes on) · frozen → ending, starting (as ready) · ending → starting (the process ended)
 * · backoff → starting (the wait is over) · any → draining → stopped (stop, retire)
 */
export type ReplicaState =
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting'; readonly abort: AbortController }
  | { readonly kind: 'ready'; readonly plugin: RunningPlugin }
  | { readonly kind: 'frozen'; readonly plugin: RunningPlugin }
  | { readonly kind: 'ending'; readonly plugin: RunningPlugin }
  | { readonly kind: 'backoff'; readonly error: PluginStartError; readonly timer: NodeJS.Timeout }
  | { readonly kind: 'draining'; readonly plugin: RunningPlugin | undefined }

/** Waits between starts that fail, in ms: doubled each time, with jitter. */
const FIRST_BACKOFF_MS = 100
const LONGEST_BACKOFF_MS = 30_000

/** So many starts in a row that fail are a crash loop. */
const CRASH_LOOP = 5

/** A plugin that is told of a deadline needs a moment to give the call back, in ms. */
const RETURN_GRACE_MS = 2000

/** How long what a process wrote before it ended may be on its way, in ms. */
const LAST_WORDS_MS = 300

export interface ReplicaOptions extends PluginStartOptions {
  /** How long a plugin may take to end after SIGTERM before it is killed, in ms. */
  readonly termGraceMs: number
  /** @see LeaseOptions.hangTimeoutMs */
  readonly hangTimeoutMs: number
  readonly watchTimes: WatchTimes
}

/** One plugin process and its successors: started, watched, started again when it ends. */
export class Replica {
  state: ReplicaState = { kind: 'stopped' }
  /** Why the last attempt failed, until one succeeds. */
  failure: PluginStartError | undefined
  /** Requests that the plugin that runs now was given. */
  served = 0
  /** It gets no requests because it is about to be exchanged for a successor, for which they wait. */
  resting = false
  private readonly places = new InFlight<Place>()
  private readonly onIdle = new Set<() => void>()
  private failures = 0
  private starting: Promise<void> | undefined

  /** Plugins that were told to end. */
  private readonly leaving = new WeakSet<RunningPlugin>()

  constructor(
    private readonly options: ReplicaOptions,
    private readonly onChange: () => void,
    private readonly log: Logger,
  ) {}

  /** Requests that its plugins hold. */
  get busy(): number {
    return this.places.size
  }

  /** Whether it would take a request now. */
  get ready(): boolean {
    return this.state.kind === 'ready' && !this.resting
  }

  /** That of the plugin that runs. */
  get pid(): number | undefined {
    return this.state.kind === 'ready' ? this.state.plugin.process.pid : undefined
  }

  get crashLooping(): boolean {
    return this.failures >= CRASH_LOOP
  }

  /** Whether it may become ready before long: it is being started, and that has not failed again and again. */
  get expected(): boolean {
    const { kind } = this.state
    return kind !== 'stopped' && kind !== 'draining' && !this.crashLooping
  }

  /**
   * Resolves when the first attempt is decided: with the state `ready` or `backoff`. Its failure is the caller's to
   * report; those of later attempts are logged here.
   */
  start(): Promise<void> {
    this.starting = this.attempt(() => {})
    return this.starting
  }

  take(plugin: RunningPlugin): Place {
    this.served += 1
    const place = new Place(plugin, () => {
      this.places.delete(number)
      if (this.places.size === 0) for (const idle of this.onIdle) idle()
    })
    const number = this.places.add(place)
    return place
  }

  /** Resolves when no plugin of it holds a request: with true, or with false when that takes longer. */
  idle(timeoutMs?: number): Promise<boolean> {
    if (this.places.size === 0) return Promise.resolve(true)
    return new Promise(resolve => {
      const settle = (idle: boolean) => {
        clearTimeout(timer)
        this.onIdle.delete(onIdle)
        resolve(idle)
      }
      const onIdle = () => settle(true)
      const timer = timeoutMs === undefined ? undefined : setTimeout(settle, timeoutMs, false)
      this.onIdle.add(onIdle)
    })
  }

  /** Asks the plugin to end, and ends it. Whoever stops a replica has drained it before. */
  async stop(graceMs: number): Promise<void> {
    const { state } = this
    const plugin = 'plugin' in state ? state.plugin : undefined
    this.change({ kind: 'draining', plugin })
    if (state.kind === 'backoff') clearTimeout(state.timer)
    if (state.kind === 'starting') state.abort.abort(new Error('the plugin is being stopped'))
    await this.starting
    if (plugin) await this.end(plugin, graceMs)
    this.change({ kind: 'stopped' })
  }

  /** Ends the plugin when it holds nothing any more, however long that takes; it gets nothing more from now on. */
  async retire(graceMs: number): Promise<void> {
    if (isRunning(this.state)) {
      this.change({ kind: 'draining', plugin: this.state.plugin })
      await this.idle()
    }
    await this.stop(graceMs)
  }

  /**
   * Exchanges a plugin that no other may run beside: requests wait until the one has ended and the next is ready.
   * @returns whether that was tried: not when the plugin still holds something after `drainMs`
   */
  async restart(drainMs: number, graceMs: number): Promise<boolean> {
    this.resting = true
    this.onChange()
    try {
      if (!(await this.idle(drainMs)) || this.state.kind !== 'ready') return false
      const { plugin } = this.state
      this.change({ kind: 'ending', plugin })
      await this.end(plugin, graceMs)
      await this.starting
      return true
    } finally {
      this.resting = false
      this.onChange()
    }
  }

  private async end(plugin: RunningPlugin, graceMs: number): Promise<void> {
    const { channel, process } = plugin
    this.leaving.add(plugin)
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

  private async attempt(report = (text: string) => this.reportFailure(text)): Promise<void> {
    const abort = new AbortController()
    this.change({ kind: 'starting', abort })
    let onSilence = () => {}
    const silence = new Promise<void>(resolve => {
      onSilence = resolve
    })
    try {
      const plugin = await startPlugin(this.options, abort.signal, why => {
        onSilence()
        // A process that lives but no longer talks is of no use; its end brings the next one.
        void this.replace(`its connection broke: ${why}`, 'info')
      })
      if (abort.signal.aborted) {
        plugin.health.close()
        await this.end(plugin, 0)
        return
      }
      this.failures = 0
      this.failure = undefined
      this.served = 0
      this.change({ kind: 'ready', plugin })
      // One that came while the last one of them was loaded.
      void this.loadResources(plugin)
      this.watch(plugin, silence)
    } catch (error) {
      if (abort.signal.aborted) return
      this.backOff(asStartError(error, this.options), report)
    }
  }

  private watch(plugin: RunningPlugin, silence: Promise<void>): void {
    const { watchTimes: times } = this.options
    const endWatch = watchPlugin({
      health: plugin.health,
      answersHealth: plugin.answersHealth,
      servedBy: plugin.servedBy,
      overdue: () => this.overdue(plugin),
      patienceMs: () => this.patienceMs(plugin),
      times,
      onStill: why => this.freeze(plugin, why),
      onMoving: () => void this.thaw(plugin),
      onAbsence: ms => {
        for (const [, place] of this.places.all()) if (place.plugin === plugin) place.dueAt += ms
      },
      onHung: why => void this.replace(`it hangs: ${why}`, 'error'),
    })
    void plugin.process.exited.then(exit => {
      endWatch()
      return this.lost(plugin, exit, silence)
    })
  }

  private freeze(plugin: RunningPlugin, why: string): void {
    this.log.warn({ pid: plugin.process.pid }, `the plugin gets no requests while ${why}`)
    // Anew when it was about to be ready again.
    if (isRunning(this.state)) this.change({ kind: 'frozen', plugin })
  }

  private async thaw(plugin: RunningPlugin): Promise<void> {
    this.log.info({ pid: plugin.process.pid }, 'the plugin runs again')
    const { state } = this
    if (state.kind !== 'frozen') return
    // Those that came meanwhile went past it.
    await this.loadResources(plugin)
    if (this.state === state) this.change({ kind: 'ready', plugin })
  }

  private async loadResources({ resources }: RunningPlugin): Promise<void> {
    await resources.sync().catch(error => this.log.error({ err: error }, 'a resource could not be loaded'))
  }

  private overdue(plugin: RunningPlugin): string | undefined {
    const now = performance.now() - RETURN_GRACE_MS
    for (const [, place] of this.places.all()) {
      if (place.plugin === plugin && place.dueAt < now) return 'it has held a request for longer than it may'
    }
    return undefined
  }

  /** @see WatchedPlugin.patienceMs */
  private patienceMs({ channel }: RunningPlugin): number {
    if (this.places.size === 0) return 0
    // A plugin of protocol 1 may have no thread left for anything but its calls; and each call is watched by itself.
    const sessionsAlone = this.places.all().every(([, { dueAt }]) => dueAt === Number.POSITIVE_INFINITY)
    return channel.protocol === 1 || !sessionsAlone ? Number.POSITIVE_INFINITY : this.options.hangTimeoutMs
  }

  /** Ends a plugin that is of no use any more. What it holds is decided when it has ended and nothing more comes of it. */
  private async replace(why: string, level: 'info' | 'error'): Promise<void> {
    const { state } = this
    if (!isRunning(state) && !(state.kind === 'draining' && state.plugin)) return
    const plugin = state.plugin as RunningPlugin
    // One that was told to end may drop its connections before it has.
    if (this.leaving.has(plugin)) return
    const { process } = plugin
    this.log[level]({ pid: process.pid }, `the plugin is ended because ${why}`)
    if (isRunning(state)) this.change({ kind: 'ending', plugin })
    // One that is frozen would have to be continued to end by itself, and go on with what nobody may wait for any more.
    await process.stop(state.kind === 'frozen' ? 0 : this.options.termGraceMs)
  }

  private async lost(plugin: RunningPlugin, exit: ProcessExit, silence: Promise<void>): Promise<void> {
    const { state } = this
    if (isRunning(state) || state.kind === 'ending') {
      const level = this.resting ? 'info' : 'error'
      this.log[level]({ pid: plugin.process.pid }, `the plugin ${describeExit(exit)}; starting it again`)
      this.starting = this.attempt()
    }
    // What it said before tells which of its calls it had begun.
    await Promise.race([silence, delay(LAST_WORDS_MS, undefined, { ref: false })])
    plugin.channel.close(new ServiceError('plugin_crashed', `the plugin ${describeExit(exit)} while it worked on this`))
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

  /** The same failure again and again is told once. */
  private reportFailure(text: string): void {
    if (this.failures > CRASH_LOOP) this.log.debug(text)
    else if (this.crashLooping)
      this.log.error(`crash loop: ${CRASH_LOOP} starts in a row failed; the last one: ${text}`)
    else this.log.error(text)
  }

  private change(state: ReplicaState): void {
    this.state = state
    this.onChange()
  }
}

/** Whether its plugin is in use, were it only for the moment stopped. */
function isRunning(state: ReplicaState): state is Extract<ReplicaState, { readonly kind: 'ready' | 'frozen' }> {
  return state.kind === 'ready' || state.kind === 'frozen'
}

function asStartError(error: unknown, { launch }: PluginStartOptions): PluginStartError {
  if (error instanceof PluginStartError) return error
  const failure = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return new PluginStartError({ command: launch.command.text, cwd: launch.cwd, failure, stderr: [] })
}
