import { readProc } from './proc-files.js'

/** What the system says of a process, of `/proc/<pid>/stat` (proc(5)). */
export interface ProcessStat {
  /** R, S, D, T (stopped), t (stopped by a debugger), Z, X, … of its first thread. */
  readonly state: string
  /** The process that it is a child of. */
  readonly parent: number
  /** Its process group. */
  readonly group: number
  /** Time for which its threads have run so far, in clock ticks. */
  readonly ranTicks: number
  /** Threads that it has. */
  readonly threads: number
}

/**
 * Reads it; undefined when the process is gone, is not shown, or there is no /proc.
 * @throws Error when no further file can be opened
 */
export function statOf(pid: number): ProcessStat | undefined {
  const stat = readProc(`${pid}/stat`)
  if (stat === '') return undefined
  // The name stands before it, and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const number = (index: number) => Number(fields[index])
  return {
    state: fields[0] ?? '',
    parent: number(1),
    group: number(2),
    ranTicks: number(11) + number(12),
    threads: number(17),
  }
}
