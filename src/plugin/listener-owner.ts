import type { PluginAddress } from './handshake.js'
import { linkInProc, listProc, processIds, readProc } from './runner/proc-files.js'
import { statOf } from './runner/process-stat.js'
import { childrenOf } from './runner/process-tree.js'

/** A process that listens on a TCP port. */
export interface Listener {
  readonly pid: number
  readonly command: string
}

const LISTEN = '0A'
/** The flags of a Unix socket that listens. */
const UNIX_LISTEN = '00010000'

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
    if (!socketsOf(pid).some(inode => inodes.has(inode)) || statOf(pid)?.group === group) continue
    found.push({ pid, command: readProc(`${pid}/cmdline`).replaceAll('\0', ' ').trim() })
  }
  return found
}

/**
 * Which process serves a plugin's address: the one that was started, or one below it, where that is a shell. Processes that
 * are forked off inherit the socket, so it is the one that stands highest.
 * @returns undefined where that cannot be seen
 */
export async function listenerBelow(pid: number, address: PluginAddress): Promise<number | undefined> {
  const inodes = address.network === 'unix' ? unixListeningInodes(address.path) : listeningInodes(address.port)
  const listens = (candidate: number) => socketsOf(candidate).some(inode => inodes.has(inode))
  let level = [pid]
  while (inodes.size > 0 && level.length > 0) {
    const found = level.find(listens)
    if (found !== undefined) return found
    level = (await Promise.all(level.map(childrenOf))).flat()
  }
  return undefined
}

function unixListeningInodes(path: string): Set<string> {
  const lines = readProc('net/unix').split('\n').slice(1)
  const sockets = lines.map(line => line.trim().split(/\s+/))
  return new Set(sockets.flatMap(fields => (fields[3] === UNIX_LISTEN && fields[7] === path ? [fields[6] ?? ''] : [])))
}

function listeningInodes(port: number): Set<string> {
  const hex = port.toString(16).toUpperCase().padStart(4, '0')
  const inodes = new Set<string>()
  for (const table of ['net/tcp', 'net/tcp6']) {
    for (const line of readProc(table).split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(`:${hex}`) && fields[3] === LISTEN && fields[9]) inodes.add(fields[9])
    }
  }
  return inodes
}

function socketsOf(pid: number): string[] {
  return listProc(`${pid}/fd`).flatMap(name => {
    const [, inode] = /^socket:\[(\d+)\]$/.exec(linkInProc(`${pid}/fd/${name}`)) ?? []
    return inode === undefined ? [] : [inode]
  })
}
