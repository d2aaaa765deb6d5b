import type { HealthClient } from './plugin-health.js'
import { followSilence } from './silence.js'
import { followStandstill } from './standstill.js'

export interface WatchTimes {
  /** Between two looks, in ms. Two of them show that a plugin is stopped. */
  readonly lookMs: number
  /** How long a plugin may be stopped before it counts as hung, in ms. */
  readonly stoppedMs: number
  /** Between two health checks, in ms. */
  readonly intervalMs: number
  /** How long the plugin may take to say that it is well, in ms. */
  readonly healthTimeoutMs: number
}

export const WATCH_TIMES: WatchTimes = { lookMs: 250, stoppedMs: 5000, intervalMs: 1000, healthTimeoutMs: 2000 }

export interface WatchedPlugin {
  readonly health: HealthClient
  /** Whether it has answered one already; if not it is not judged by them. */
  readonly answersHealth: boolean
  /** The process that does the work, if it is known. */
  readonly servedBy: number | undefined
  /** A call that it has held for too long, in words; undefined: there is none. */
  readonly overdue: () => string | undefined
  /** @see SilenceOptions.patienceMs */
  readonly patienceMs: () => number
  readonly times: WatchTimes
  /** It does not run at the moment, for this reason. */
  readonly onStill: (why: string) => void
  /** It runs again. */
  readonly onMoving: () => void
  /** For so long, in ms, this process itself did not run, which is to be held against no plugin. */
  readonly onAbsence: (ms: number) => void
  /** It hangs; called once, and nothing is watched afterwards. */
  readonly onHung: (why: string) => void
}

/**
 * Watches a running plugin: whether its process runs, whether it answers health checks, and whether it gives back what it was
 * given. One that has not answered a health check is not judged by them.
 * @returns ends the watch
 */
export function watchPlugin(plugin: WatchedPlugin): () => void {
  const { lookMs, stoppedMs, intervalMs, healthTimeoutMs } = plugin.times
  const { health, patienceMs } = plugin
  const silence = plugin.answersHealth
    ? followSilence({ health, patienceMs, intervalMs, healthTimeoutMs })
    : { tooLong: () => undefined, excuse: () => {}, end: () => health.close() }
  const standstill = followStandstill(plugin.servedBy)
  let lookedAt = performance.now()
  let still: string | undefined

  const end = () => {
    clearInterval(timer)
    silence.end()
  }
  const noticeAbsence = () => {
    const lateMs = performance.now() - lookedAt - lookMs
    lookedAt = performance.now()
    // Stopped and continued with everything else, or too busy to look.
    if (lateMs < lookMs) return
    silence.excuse(lateMs)
    plugin.onAbsence(lateMs)
  }
  const noticeStandstill = () => {
    standstill.look()
    const { why } = standstill
    if (why !== undefined && still === undefined) plugin.onStill(why)
    if (why === undefined && still !== undefined) plugin.onMoving()
    still = why
    // Looks are counted, not time: one that was missed because this process was stopped says nothing.
    return standstill.looks * lookMs < stoppedMs ? undefined : `${why} and does not go on`
  }
  const look = () => {
    noticeAbsence()
    const why = noticeStandstill() ?? plugin.overdue() ?? silence.tooLong()
    if (why === undefined) return
    end()
    plugin.onHung(why)
  }
  const timer = setInterval(look, lookMs).unref()
  return end
}
