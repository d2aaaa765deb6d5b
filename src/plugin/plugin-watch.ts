import type { HealthClient } from './plugin-health.js'

export interface WatchTimes {
  /** Between two looks, in ms. */
  readonly intervalMs: number
  /** How long the plugin may take to say that it is well, in ms. */
  readonly healthTimeoutMs: number
}

export const WATCH_TIMES: WatchTimes = { intervalMs: 1000, healthTimeoutMs: 2000 }

/** An idle plugin that does not answer so many times in a row hangs. */
const MOST_MISSES = 3

export interface WatchedPlugin {
  readonly health: HealthClient
  /** Whether it has answered one already; if not it is not judged by them. */
  readonly answersHealth: boolean
  /** A call that it has held for too long, in words; undefined: there is none. */
  readonly overdue: () => string | undefined
  /**
   * How long it may be silent now, in ms: 0 while it is idle, more while a wrapper that computes may keep it from answering.
   * Infinity: what it says means nothing.
   */
  readonly patienceMs: () => number
  readonly times: WatchTimes
  /** It hangs; called once, and nothing is watched afterwards. */
  readonly onHung: (why: string) => void
}

/**
 * Watches a running plugin: whether it answers health checks, and whether it gives back what it was given. One that has not
 * answered one is not judged by them.
 * @returns ends the watch
 */
export function watchPlugin(plugin: WatchedPlugin): () => void {
  const { health, times } = plugin
  let heardAt = performance.now()
  let misses = 0
  let timer: NodeJS.Timeout | undefined
  let ended = false

  const end = () => {
    ended = true
    clearTimeout(timer)
    health.close()
  }
  const hung = (why: string) => {
    end()
    plugin.onHung(why)
  }
  const forgive = () => {
    misses = 0
    heardAt = performance.now()
    return undefined
  }
  const ask = async (): Promise<string | undefined> => {
    const patienceMs = plugin.patienceMs()
    if (!plugin.answersHealth || patienceMs === Number.POSITIVE_INFINITY) return forgive()
    if (await health.check(times.healthTimeoutMs)) return forgive()
    // It may have become busy since.
    const mayMs = Math.max(patienceMs, plugin.patienceMs())
    misses = mayMs === 0 ? misses + 1 : 0
    const silentMs = performance.now() - heardAt
    if (mayMs === 0 ? misses < MOST_MISSES : silentMs < mayMs) return undefined
    return `it has not answered its health checks for ${Math.round(silentMs / 1000)} s`
  }
  const look = async () => {
    const why = plugin.overdue() ?? (await ask())
    if (ended) return
    if (why !== undefined) hung(why)
    else timer = setTimeout(look, times.intervalMs).unref()
  }
  void look()
  return end
}
