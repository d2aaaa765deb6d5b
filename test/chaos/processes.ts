import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'

/** Processes that live and have this text in their environment. */
export function processesWith(mark: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && isMarked(name, mark))
    .map(Number)
}

function isMarked(pid: string, mark: string): boolean {
  const environment = read(`/proc/${pid}/environ`)
  if (!environment?.includes(mark)) return false
  // The state follows the name, which may itself have brackets in it.
  const state = read(`/proc/${pid}/stat`)?.split(') ').at(-1)?.[0]
  return state !== undefined && state !== 'Z'
}

/** Files and sockets that a process has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length
}

/** A process may end between being listed and being read. */
function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

/** Asks every few milliseconds until `holds`; false when it did not within `limitMs`. */
export async function within(limitMs: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > deadline) return false
    await delay(20)
  }
  return true
}
