import { randomUUID } from 'node:crypto'
import { chownSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { guardFolder } from './runner/guard.js'

/** A folder of its own (mode 0700) for the Unix sockets of a daemon's plugins. */
export interface SocketFolder {
  /** Undefined when the temporary folder's path is too long or unusual for a socket; plugins then use TCP. */
  readonly path: string | undefined
  remove(): void
}

const PREFIX = 'aiservice-'

/** Leaves room for a plugin's own file name below the 107 bytes that a socket's path may have. */
const SAFE_FOLDER = /^[A-Za-z0-9/._-]{1,70}$/

/** Socket in the folder on which its daemon listens for as long as it lives, so that others see whether it does. */
const SIGN_OF_LIFE = 'daemon.sock'

/**
 * Fresh for every daemon, so that no file left behind by an earlier one can be in the way. The daemon's guard removes it
 * if the daemon cannot.
 * @param owner whom the plugins run as, if that is somebody else
 */
export function createSocketFolder(parent = tmpdir(), owner?: { uid: number; gid: number }): SocketFolder {
  const path = join(parent, `${PREFIX}${randomUUID().slice(0, 8)}`)
  // Before it is there: a daemon may be killed in any moment.
  guardFolder(path)
  mkdirSync(path, { mode: 0o700 })
  if (owner) chownSync(path, owner.uid, owner.gid)
  const usable = SAFE_FOLDER.test(path)
  const sign = usable ? listen(join(path, SIGN_OF_LIFE)) : undefined
  const remove = () => rmSync(path, { recursive: true, force: true })
  process.on('exit', remove)
  return {
    path: usable ? path : undefined,
    remove() {
      process.off('exit', remove)
      sign?.close()
      remove()
      guardFolder(undefined)
    },
  }
}

/**
 * Removes the folders of daemons that were killed together with their guard; only those of its own user, in which nobody else
 * can have laid a trap. Never fails: what cannot go stays.
 */
export async function removeStaleFolders(parent = tmpdir()): Promise<void> {
  const folders = foldersIn(parent)
  await Promise.all(
    folders.map(async name => {
      const folder = join(parent, name)
      if (!(await isDeserted(join(folder, SIGN_OF_LIFE)))) return
      try {
        if (lstatSync(folder).uid === process.getuid?.()) rmSync(folder, { recursive: true, force: true })
      } catch {
        // Gone meanwhile, or on a file system that cannot be written to.
      }
    }),
  )
}

/** None where one may make a folder and not see the others. */
function foldersIn(parent: string): string[] {
  try {
    return readdirSync(parent).filter(name => name.startsWith(PREFIX))
  } catch {
    return []
  }
}

/** Whether nobody listens on a socket that is there. */
function isDeserted(path: string): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED'))
  })
}

function listen(path: string): Server {
  const server = createServer(socket => socket.destroy())
  // Then others take the folder for that of a daemon that has not come so far, and leave it alone.
  server.on('error', () => {})
  // Under its name it is seen only when it can be reached: a daemon that looks for stale folders may come in between.
  server.listen(`${path}.new`).unref()
  if (server.listening) renameSync(`${path}.new`, path)
  return server
}
