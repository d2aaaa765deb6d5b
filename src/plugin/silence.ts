import type { HealthClient } from './plugin-health.js'

/** An idle plugin that does not answer so many times in a row hangs. */
const MOST_MISSES = 3

export interface SilenceOptions {
  readonly health: HealthClient
  /**
   * How long it may be silent now, in ms: 0 while it is idle, more while a wrapper that computes may keep it from answering.
   * Infinity: what it says means nothing.
   */
  readonly patienceMs: () => number
  /** Between two health checks, in ms. */
  readonly intervalMs: number
  /** How long the plugin may take to answer one, in ms. */
  readonly healthTimeoutMs: number
}

export interface Silence {
  /** That it has been silent for longer than it may, in words; undefined: it has not. */
  tooLong(): string | undefined
  /** A time for which nobody listened does not count. */
  excuse(ms: number): void
  end(): void
}

/** Asks a plugin again and again whether it is well, and follows for how long it has not said so. */
export function followSilence({ health, patienceMs, intervalMs, healthTimeoutMs }: SilenceOptions): Silence {
  let heardAt = performance.now()
  let misses = 0
  /** How long it might be silent when it did not answer the last check; undefined: it did. */
  let mayMs: number | undefined
  let timer: NodeJS.Timeout | undefined
  let ended = false

  const forgive = () => {
    misses = 0
    mayMs = undefined
    heardAt = performance.now()
  }
  const ask = async () => {
    const beforeMs = patienceMs()
    if (beforeMs === Number.POSITIVE_INFINITY || (await health.check(healthTimeoutMs))) return forgive()
    // It may have become busy since.
    mayMs = Math.max(beforeMs, patienceMs())
    misses = mayMs === 0 ? misses + 1 : 0
  }
  const next = async () => {
    await ask()
    if (!ended) timer = setTimeout(next, intervalMs).unref()
  }
  void next()
  return {
    tooLong() {
      const silentMs = performance.now() - heardAt
      if (mayMs === undefined || (mayMs === 0 ? misses < MOST_MISSES : silentMs < mayMs)) return undefined
      return `it has not answered its health checks for ${Math.round(silentMs / 1000)} s`
    },
    excuse(ms) {
      heardAt += ms
      misses = 0
    },
    end() {
      ended = true
      clearTimeout(timer)
      health.close()
    },
  }
}
