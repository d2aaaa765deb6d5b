import { usageError } from './exit-codes.js'

/** How long a command waits for a service. */
export interface TimeLimited {
  /** `--timeout`: in ms, for the answer or for the opening of a session. Default: no limit but the daemon's own. */
  readonly timeout?: string
}

/** How much longer the command waits than the daemon, in ms: what the daemon answers at its end says more. */
const LATE_MS = 500

const MAX_MS = 2 ** 31 - 1 - LATE_MS

export interface TimeLimit {
  /** What tells the daemon. */
  readonly headers: Readonly<Record<string, string>>
  /** How long the command itself waits, in ms; undefined: for ever. */
  readonly waitMs?: number
}

/** @throws CommandError when `--timeout` is no time */
export function timeLimit({ timeout }: TimeLimited): TimeLimit {
  if (timeout === undefined) return { headers: {} }
  const ms = /^\d{1,10}$/.test(timeout) ? Number(timeout) : 0
  if (ms < 1 || ms > MAX_MS) throw usageError(`--timeout: found "${timeout}", allowed: 1 to ${MAX_MS}`)
  return { headers: { 'x-request-timeout-ms': String(ms) }, waitMs: ms + LATE_MS }
}
