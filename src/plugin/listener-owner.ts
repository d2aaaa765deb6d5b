import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** A process that listens on a TCP port. */
export interface Listener {
  readonly pid: number
  readonly command: string
}

const LISTEN = '0A'

/**
 * Who listens on a TCP port beside the processes of a group. Plugins of the published SDK use one fixed port with
 * SO_REUSEPORT, so that a second one shares it silently and takes half of the other's connections.
 * Empty where the system has no /proc, or does not show other users' sockets.
 */
export function foreignListeners(port: number, group: number): Listener[] {
  const inodes = listeningInodes(port)
  if (inodes.size === 0) return []
  const found: Listener[] = []
  for (const pid of processIds()) {
    if (!socketsOf(pid).some(inode => inodes.has(inode)) || groupOf(pid) === group) continue
    found.push({ pid, command: read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim() })
  }
  return found
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of read(table).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTEN && fields[9]) inodes.add(fields[9])
    }
  }
  return inodes
}

function processIds(): number[] {
  return list('/proc')
    .filter(name => /^\d+$/.test(name))
    .map(Number)
}

function socketsOf(pid: number): string[] {
  return list(`/proc/${pid}/fd`).flatMap(name => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${name}`)) ?? []
    return inode === undefined ? [] : [inode]
  })
}

/** The process group stands third behind the name, which may itself hold spaces and brackets. */
function groupOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
}

// Processes come and go while they are looked at, and those of other users are not shown.
const read = (path: string) => unlessGone(() => readFileSync(path, 'utf8'), '')
const list = (path: string) => unlessGone(() => readdirSync(path), [] as string[])
const link = (path: string) => unlessGone(() => readlinkSync(path), '')

function unlessGone<T>(look: () => T, otherwise: T): T {
  try {
    return look()
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ESRCH' || code === 'EPERM') return otherwise
    throw error
  }
}
