import { execFile, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

/** In the environment of everything that this daemon starts, and so of all that descends from it. */
export const DAEMON_MARK = { name: 'AIGES_DAEMON_ID', value: randomUUID() } as const
/** Beside it, different for each process that is started. */
export const REPLICA_MARK = 'AIGES_REPLICA_ID'

/** Without it nobody can be found by a mark. */
const HAS_PROC = existsSync('/proc/self/environ')

/**
 * Shell function that kills every process with $1 in its environment. A process that is found nowhere may just be turning
 * into another program and have no environment for that moment, so it looks again until it has found nothing $2 times.
 * Zombies have no environment and do not count.
 */
export const SWEEP = `
sweep() {
  calm=0
  while [ "$calm" -lt "$2" ]; do
    pids=
    for file in $(grep -lsF -e "$1" /proc/[0-9]*/environ); do
      pid=\${file#/proc/}
      pids="$pids \${pid%/environ}"
    done
    if [ -n "$pids" ]; then calm=0; kill -s KILL $pids 2>/dev/null; else calm=$((calm + 1)); fi
    [ "$calm" -lt "$2" ] && sleep 0.05
  done
}
`

/** The environment of the shells that kill: without marks, so that they find no one of their own. */
export const sweeperEnvironment = (): Record<string, string> => ({ PATH: process.env['PATH'] ?? '/usr/bin:/bin' })

/** How long a sweep may take before it is given up, in ms. */
const SWEEP_TIMEOUT_MS = 5000

/** Kills every process with this value of `REPLICA_MARK` in its environment, wherever it has gone. */
export function sweepReplica(value: string): Promise<void> {
  if (!HAS_PROC) return Promise.resolve()
  const args = ['-c', `${SWEEP} sweep "$1" 1`, 'aiservice-sweep', `${REPLICA_MARK}=${value}`]
  return new Promise(done => {
    // What it does not get is left to the guard of the daemon.
    execFile('/bin/sh', args, { env: sweeperEnvironment(), timeout: SWEEP_TIMEOUT_MS }, () => done())
  })
}

let setpriv: string | null | undefined

/**
 * The command line that has the system kill a process when the daemon ends, if there is a `setpriv` that can (util-linux).
 * That holds for the process itself and not for its children; it is there for the case that daemon and guard are killed
 * together. The signal comes when the thread ends that started the process, so only the main thread may do that.
 */
export function tiedToParent({ file, args, cwd, env }: CommandLine): Pick<CommandLine, 'file' | 'args'> {
  setpriv ??= findSetpriv()
  // A program that is not there is to be reported by the system, not by setpriv.
  if (setpriv === null || !isThere(file, cwd, env['PATH'])) return { file, args }
  return { file: setpriv, args: [...DEATH_SIGNAL, '--', file, ...args] }
}

export interface CommandLine {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

const DEATH_SIGNAL = ['--pdeathsig', 'KILL']

/** That of BusyBox cannot do it. */
function findSetpriv(): string | null {
  const candidates = ['/usr/bin/setpriv', '/bin/setpriv']
  const works = (path: string) => spawnSync(path, [...DEATH_SIGNAL, 'true'], { stdio: 'ignore' }).status === 0
  return candidates.find(path => existsSync(path) && works(path)) ?? null
}

function isThere(file: string, cwd: string, path = ''): boolean {
  if (file.includes('/')) return existsSync(resolve(cwd, file))
  return path.split(delimiter).some(folder => existsSync(join(folder, file)))
}
