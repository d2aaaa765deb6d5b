import type { Logger } from 'pino'
import { processIds } from './proc-files.js'
import { statOf } from './process-stat.js'

/** How often zombies are looked for, in ms. */
const INTERVAL_MS = 1000

/** `waitpid` shall not wait. Source: sys/wait.h of Linux. */
const WNOHANG = 1

/**
 * Process 1 of a container is given every process whose parent has ended, such as those that a plugin has left behind, and
 * has to take note of their end; Node does that for its own children only. Does nothing in any other process.
 * @returns the function that ends it
 */
export async function reapAdoptedZombies(log: Logger): Promise<() => void> {
  if (process.pid !== 1) return () => {}
  const reap = await loadWaitpid(log)
  if (reap === undefined) return () => {}
  let seen: ReadonlySet<number> = new Set()
  const timer = setInterval(() => {
    const zombies = zombieChildren()
    // Node has noticed the end of its own children by the second look: the event loop has gone round in between.
    for (const pid of zombies) if (seen.has(pid)) reap(pid)
    seen = new Set(zombies)
  }, INTERVAL_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** Takes note of the end of a child; undefined, and said in the log, where the C library cannot be called. */
async function loadWaitpid(log: Logger): Promise<((pid: number) => void) | undefined> {
  try {
    const { default: koffi } = await import('koffi')
    const waitpid = koffi.load(null).func('int waitpid(int pid, void *status, int options)')
    return pid => void waitpid(pid, null, WNOHANG)
  } catch (err) {
    log.warn({ err }, 'process 1 cannot reap what plugins leave behind; run it under an init process such as tini')
    return undefined
  }
}

/** Children of this process that have ended and that nobody has taken note of; none while no file can be opened. */
function zombieChildren(): number[] {
  try {
    return processIds().filter(isZombieChild)
  } catch {
    return []
  }
}

function isZombieChild(pid: number): boolean {
  const stat = statOf(pid)
  return stat?.state === 'Z' && stat.parent === process.pid
}
