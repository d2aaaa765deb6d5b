import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own (mode 0700) for the Unix sockets of a daemon's plugins. */
export interface SocketFolder {
  /** Undefined when the temporary folder's path is too long or unusual for a socket; plugins then use TCP. */
  readonly path: string | undefined
  remove(): void
}

/** Leaves room for a plugin's own file name below the 107 bytes that a socket's path may have. */
const SAFE_FOLDER = /^[A-Za-z0-9/._-]{1,70}$/

/** Fresh for every daemon, so that no file left behind by an earlier one can be in the way. */
export function createSocketFolder(): SocketFolder {
  const path = mkdtempSync(join(tmpdir(), 'aiservice-'))
  const remove = () => rmSync(path, { recursive: true, force: true })
  process.on('exit', remove)
  return {
    path: SAFE_FOLDER.test(path) ? path : undefined,
    remove() {
      process.off('exit', remove)
      remove()
    },
  }
}
