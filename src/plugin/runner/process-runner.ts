import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { type ProcessUser, tiedToParent } from './death-signal.js'
import { guardGroup, releaseGroup, signalGroup } from './guard.js'
import { onLines } from './line-splitter.js'
import { DAEMON_MARK, REPLICA_MARK, sweepReplica } from './process-marks.js'

export interface ProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment, but for the marks by which everything that descends from the process is found. */
  readonly env: Readonly<Record<string, string>>
  /** Default: whom this process runs as. */
  readonly user?: ProcessUser
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void
}

export type ProcessExit =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signalled'; readonly signal: string }
  /** It never ran; the error is the system's. */
  | { readonly kind: 'not-started'; readonly error: NodeJS.ErrnoException }

export interface RunningProcess {
  readonly pid: number | undefined
  /** Resolves when the process is gone and its output has been read to the end. */
  readonly exited: Promise<ProcessExit>
  /**
   * TERM to the whole process group; KILL after `graceMs`, with 0 nothing but KILL. Resolves when the process is gone,
   * and with it all that it started, in its group or not.
   */
  stop(graceMs: number): Promise<ProcessExit>
}

/**
 * Starts a process in a group of its own, so that a terminal's Ctrl-C reaches the daemon alone and the daemon can end
 * all of the group. Its stdin is a pipe that stays open and silent: its end tells the plugin that the daemon is gone.
 */
export function startProcess(options: ProcessOptions): RunningProcess {
  const mark = randomUUID()
  const { file, args, as } = tiedToParent(options, options.user)
  const child: ChildProcess = spawn(file, [...args], {
    cwd: options.cwd,
    env: { ...options.env, [DAEMON_MARK.name]: DAEMON_MARK.value, [REPLICA_MARK]: mark },
    detached: true,
    ...as,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = untilGone(child)
  if (child.pid !== undefined) guardGroup(child.pid)
  // There are no pipes when no file was left for them. A plugin that closes its stdin is free to do so.
  child.stdin?.on('error', () => {})
  if (child.stdout) onLines(child.stdout, line => options.onLine('stdout', line))
  if (child.stderr) onLines(child.stderr, line => options.onLine('stderr', line))
  // Those that have left the group.
  const swept = exited.then(() => sweepReplica(mark))
  return {
    pid: child.pid,
    exited,
    async stop(graceMs) {
      // One that is stopped sees no signal but KILL until it goes on.
      const signals = graceMs > 0 ? (['SIGTERM', 'SIGCONT'] as const) : (['SIGKILL'] as const)
      for (const signal of signals) signalGroup(child.pid, signal)
      const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs)
      try {
        const exit = await exited
        await swept
        return exit
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** How long output of an ended process may still come from children that hold its pipes. */
const OUTPUT_GRACE_MS = 200

function untilGone(child: ChildProcess): Promise<ProcessExit> {
  return new Promise(resolve => {
    const settle = (exit: ProcessExit) => {
      // Children of the plugin go with it.
      signalGroup(child.pid, 'SIGKILL')
      if (child.pid !== undefined) releaseGroup(child.pid)
      child.stdin?.destroy()
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(exit)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) settle({ kind: 'not-started', error })
    })
    child.once('exit', (code, signal) => {
      const exit: ProcessExit =
        signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'signalled', signal: signal as string }
      const timer = setTimeout(() => settle(exit), OUTPUT_GRACE_MS)
      child.once('close', () => {
        clearTimeout(timer)
        settle(exit)
      })
    })
  })
}

/** An exit in words, for messages. */
export function describeExit(exit: ProcessExit): string {
  switch (exit.kind) {
    case 'exited':
      return `exited with code ${exit.code}`
    case 'signalled':
      return `was ended by ${exit.signal}`
    case 'not-started':
      return `could not be started: ${exit.error.message}`
  }
}
