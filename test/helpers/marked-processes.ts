import { readdirSync, readFileSync } from 'node:fs'

/** The value of a variable in the environment that a process was started with. */
export function environmentOf(pid: number, name: string): string | undefined {
  const entry = read(`/proc/${pid}/environ`)
    .split('\0')
    .find(candidate => candidate.startsWith(`${name}=`))
  return entry?.slice(name.length + 1)
}

/** Processes that live and have this in their environment, with their command lines. */
export function processesWith(mark: string): string[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name))
  return pids
    .filter(pid => read(`/proc/${pid}/environ`).split('\0').includes(mark))
    .map(pid => `${pid} ${read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()}`)
}

/** Children of a process. */
export function childrenOf(pid: number): number[] {
  return read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number)
}

/** R, S, T, Z, … as in proc(5). */
export function stateOf(pid: number): string {
  const stat = read(`/proc/${pid}/stat`)
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[0] ?? ''
}

// Processes come and go while they are looked at.
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
