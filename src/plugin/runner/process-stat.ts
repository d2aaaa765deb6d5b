import { readFileSync } from 'node:fs'

/** What the system says of a process, of `/proc/<pid>/stat` (proc(5)). */
export interface ProcessStat {
  /** R, S, D, T (stopped), t (stopped by a debugger), Z, X, … of its first thread. */
  readonly state: string
  /** Its process group. */
  readonly group: number
  /** Time for which its threads have run so far, in clock ticks. */
  readonly ranTicks: number
  /** Threads that it has. */
  readonly threads: number
}

/** Reads it; undefined when the process is gone, is not shown, or there is no /proc. */
export function statOf(pid: number): ProcessStat | undefined {
  const stat = read(pid)
  if (stat === undefined) return undefined
  // The name stands before it, and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const number = (index: number) => Number(fields[index])
  return { state: fields[0] ?? '', group: number(2), ranTicks: number(11) + number(12), threads: number(17) }
}

function read(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ESRCH' || code === 'EPERM') return undefined
    throw error
  }
}
