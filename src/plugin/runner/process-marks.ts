import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'

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
