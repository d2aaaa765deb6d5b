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
  /** Requests that it holds. */
  readonly busy: () => number
  /** A call that it has held for too long, in words; undefined: there is none. */
  readonly overdue: () => string | undefined
  /**
   * How long it may be silent while it is busy, in ms: a wrapper that computes may keep it from answering. Infinity: what
   * it says while it is busy means nothing.
   */
  readonly busySilenceMs: number
  readonly times: WatchTimes
  /** It hangs; called once, and nothing is watched afterwards. */
  readonly onHung: (why: string) => void
}

/**
 * Watches a running plugin: whether it answers health checks, and whether it gives back what it was given. One that never
 * answered a health check, or has none, is not judged by them.
 * @returns ends the watch
 */
export function watchPlugin(plugin: WatchedPlugin): () => void {
  const { health, times } = plugin
  let hasHealth = true
  let heardAt: number | undefined
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
  const ask = async (): Promise<string | undefined> => {
    const idle = plugin.busy() === 0
    if (!hasHealth || (!idle && plugin.busySilenceMs === Number.POSITIVE_INFINITY)) {
      misses = 0
      return undefined
    }
    const answer = await health.check(times.healthTimeoutMs)
    const now = performance.now()
    hasHealth = answer !== 'absent'
    if (answer === 'serving') heardAt = now
    // One that has become busy since may be too busy to answer.
    misses = answer === 'silent' && idle && plugin.busy() === 0 ? misses + 1 : 0
    if (answer !== 'silent' || heardAt === undefined) return undefined
    const silentMs = now - heardAt
    if (misses < MOST_MISSES && silentMs < plugin.busySilenceMs) return undefined
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
