import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

// Processes come and go while they are looked at, those of other users may not be shown, and not every system has /proc.
// Whatever else goes wrong is thrown, above all that no further file can be opened, which says nothing of a process.

/** The text of a file in /proc; empty when it is not there or not shown. */
export const readProc = (path: string) => unlessGone(() => readFileSync(`/proc/${path}`, 'utf8'), '')

/** The names in a folder of /proc; none when it is not there or not shown. */
export const listProc = (path: string) => unlessGone(() => readdirSync(`/proc/${path}`), [] as string[])

/** Where a link in /proc leads to; empty when it is not there or not shown. */
export const linkInProc = (path: string) => unlessGone(() => readlinkSync(`/proc/${path}`), '')

/** All processes that are shown. */
export function processIds(): number[] {
  return listProc('')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ESRCH' || code === 'EPERM') return otherwise
    throw error
  }
}
