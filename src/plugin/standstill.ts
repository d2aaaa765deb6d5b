import { type ProcessStat, statOf } from './runner/process-stat.js'

export interface Standstill {
  /** Looks at the process. To be called at even intervals. */
  look(): void
  /** What keeps it from running, in words; undefined: nothing that can be seen. */
  readonly why: string | undefined
  /** At how many looks in a row it stood still, the first one not counted. */
  readonly looks: number
}

/**
 * Follows whether a process runs at all, by what the system says of it: whether it is stopped (SIGSTOP, SIGTSTP, but not by a
 * debugger), or has ended while something it left keeps its connections open. It takes two looks between which it has not
 * run: what is stopped and continued again and again, to keep it from using a processor up, goes on.
 * @param pid undefined, or a process that is not shown: nothing is said of it
 */
export function followStandstill(pid: number | undefined): Standstill {
  let before: ProcessStat | undefined
  let isShown = false
  let looks = 0
  let why: string | undefined

  const look = () => {
    if (pid === undefined) return
    let now: ProcessStat | undefined
    try {
      now = statOf(pid)
    } catch {
      // As long as clients hold every file that may be open, nothing is known.
      return
    }
    isShown ||= now !== undefined
    if (!isShown) return
    const what = standsStill(now)
    looks = what !== undefined && before?.ranTicks === now?.ranTicks && standsStill(before) ? looks + 1 : 0
    why = looks > 0 ? `process ${pid} ${what}` : undefined
    before = now
  }
  look()
  return {
    look,
    get why() {
      return why
    },
    get looks() {
      return looks
    },
  }
}

function standsStill(stat: ProcessStat | undefined): string | undefined {
  if (stat === undefined) return 'has ended'
  if (stat.state === 'T') return 'is stopped'
  // The first thread may end before the others, which go on.
  return 'ZX'.includes(stat.state) && stat.threads <= 1 ? 'has ended' : undefined
}
