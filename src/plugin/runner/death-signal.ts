import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

export interface CommandLine {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
}

/** Whom a process runs as. */
export interface ProcessUser {
  readonly uid: number
  readonly gid: number
  /** Further groups; they need `setpriv`, without which there are none. */
  readonly groups: readonly number[]
}

/** How a process is to be started. */
export interface Start extends Pick<CommandLine, 'file' | 'args'> {
  /** Whom whoever starts it has to make it run as; undefined: nobody else, or the command line sees to that. */
  readonly as: Pick<ProcessUser, 'uid' | 'gid'> | undefined
}

let setpriv: string | null | undefined

/**
 * The command line that has the system kill a process when the daemon ends, if there is a `setpriv` that can (util-linux).
 * That holds for the process itself and not for its children; it is there for the case that daemon and guard are killed
 * together. The signal comes when the thread ends that started the process, so only the main thread may do that.
 * @param user whom it is to run as. Default: whom the daemon runs as
 */
export function tiedToParent({ file, args, cwd, env }: CommandLine, user?: ProcessUser): Start {
  setpriv ??= findSetpriv()
  const as = user && { uid: user.uid, gid: user.gid }
  // A program that is not there is to be reported by the system, not by setpriv.
  if (setpriv === null || !isThere(file, cwd, env['PATH'])) return { file, args, as }
  // Node's own options leave a process without further groups, and only root may give it any.
  const mayGiveGroups = user !== undefined && process.getuid?.() === 0
  const options = mayGiveGroups ? [...DEATH_SIGNAL, ...becoming(user)] : DEATH_SIGNAL
  return { file: setpriv, args: [...options, '--', file, ...args], as: mayGiveGroups ? undefined : as }
}

const DEATH_SIGNAL = ['--pdeathsig', 'KILL']

function becoming({ uid, gid, groups }: ProcessUser): readonly string[] {
  const further = groups.length === 0 ? '--clear-groups' : `--groups=${groups.join()}`
  return [`--reuid=${uid}`, `--regid=${gid}`, further]
}

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
