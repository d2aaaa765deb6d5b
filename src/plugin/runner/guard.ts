import { type ChildProcess, spawn } from 'node:child_process'
import { DAEMON_MARK, SWEEP, sweeperEnvironment } from './process-marks.js'

/**
 * The guard: a shell that outlives the daemon, however that ends, and then removes what it has left. It starts with what
 * there is then, and reads from a pipe what has changed, whose end tells it that the daemon is gone; it kills the process
 * groups that it knows of and every process with the daemon's mark, and removes the folder. Without /proc (macOS) the
 * groups are all that it can find.
 */
const SCRIPT = `
trap '' HUP INT TERM
${SWEEP}
groups=$2 folder=$3
while read -r what rest; do
  case $what in
    groups) groups=$rest ;;
    folder) folder=$rest ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
sweep "$1" 3
[ -n "$folder" ] && rm -rf -- "$folder"
`

/** A guard that ends sooner than this after its start is not started again at once. */
const SHORT_LIFE_MS = 1000

const groups = new Set<number>()
let folder = ''
let guard: ChildProcess | undefined

/** The process group of this leader must not survive the daemon. Starts the guard if there is none. */
export function guardGroup(leader: number): void {
  groups.add(leader)
  guard ??= startGuard()
  tell(`groups ${groupList()}`)
}

/** The group is gone: its number may soon be another's. */
export function releaseGroup(leader: number): void {
  if (groups.delete(leader)) tell(`groups ${groupList()}`)
}

/**
 * The daemon's folder is removed when the daemon has ended, too. Undefined: it has removed it itself. Starts the guard if
 * there is none.
 */
export function guardFolder(path: string | undefined): void {
  folder = path ?? ''
  if (path !== undefined) guard ??= startGuard()
  tell(`folder ${folder}`)
}

// What an orderly exit can do itself it does before the process is gone.
process.on('exit', () => {
  for (const group of groups) signalGroup(group, 'SIGKILL')
})

/** Sends a signal to every process of a group, if there is one. */
export function signalGroup(group: number | undefined, signal: NodeJS.Signals): void {
  if (group === undefined) return
  try {
    process.kill(-group, signal)
  } catch (error) {
    // ESRCH: nothing of the group is left. EPERM: what is left is a zombie or has changed its user.
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ESRCH' && code !== 'EPERM') throw error
  }
}

/** In a session of its own, so that no signal of a terminal reaches it, and with nothing of the daemon's held open. */
function startGuard(): ChildProcess {
  const started = performance.now()
  // As arguments: a daemon that is killed as soon as its guard runs has written nothing to it yet.
  const known = [`${DAEMON_MARK.name}=${DAEMON_MARK.value}`, groupList(), folder]
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'aiservice-guard', ...known], {
    cwd: '/',
    env: sweeperEnvironment(),
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  // Whoever writes to a guard that was killed is told so; its successor knows everything.
  child.stdin?.on('error', () => {})
  const again = () => {
    const lived = performance.now() - started
    setTimeout(restartGuard, lived < SHORT_LIFE_MS ? SHORT_LIFE_MS : 0).unref()
  }
  // One that could not be started does not end either.
  child.once('error', () => {
    if (child.pid === undefined) again()
  })
  child.once('exit', again)
  child.unref()
  unrefPipe(child)
  return child
}

function restartGuard(): void {
  guard = startGuard()
}

const groupList = (): string => [...groups].join(' ')

function tell(line: string): void {
  guard?.stdin?.write(`${line}\n`)
}

/** The pipe to the guard alone does not keep the daemon running. */
function unrefPipe({ stdin }: ChildProcess): void {
  if (stdin && 'unref' in stdin && typeof stdin.unref === 'function') stdin.unref()
}
