import { type ChildProcess, spawn } from 'node:child_process'
import { onLines } from './line-splitter.js'

export interface ProcessOptions {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  /** The whole environment; nothing of the daemon's own is added. */
  readonly env: Readonly<Record<string, string>>
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
  /** TERM to the whole process group; KILL after `graceMs`. Resolves when the process is gone. */
  stop(graceMs: number): Promise<ProcessExit>
}

/** Leaders of process groups that must not survive the daemon, however it ends. */
const groups = new Set<number>()
process.on('exit', () => {
  for (const group of groups) signalGroup(group, 'SIGKILL')
})

/**
 * Starts a process in a group of its own, so that a terminal's Ctrl-C reaches the daemon alone and the daemon can end
 * all of the group. Its stdin is a pipe that stays open and silent: its end tells the plugin that the daemon is gone.
 */
export function startProcess(options: ProcessOptions): RunningProcess {
  const child = spawn(options.file, [...options.args], {
    cwd: options.cwd,
    env: { ...options.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  if (child.pid !== undefined) groups.add(child.pid)
  // A plugin that closes its stdin is free to do so.
  child.stdin.on('error', () => {})
  onLines(child.stdout, line => options.onLine('stdout', line))
  onLines(child.stderr, line => options.onLine('stderr', line))
  const exited = untilGone(child)
  return {
    pid: child.pid,
    exited,
    async stop(graceMs) {
      signalGroup(child.pid, 'SIGTERM')
      const timer = setTimeout(() => signalGroup(child.pid, 'SIGKILL'), graceMs)
      try {
        return await exited
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
      if (child.pid !== undefined) groups.delete(child.pid)
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

function signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined) return
  try {
    process.kill(-group, signal)
  } catch (error) {
    // ESRCH: nothing of the group is left. EPERM: what is left is a zombie or has changed its user.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
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
