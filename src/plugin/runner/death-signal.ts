import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join, resolve } from 'node:path'

export interface CommandLine {
  readonly file: string
  readonly args: readonly string[]
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
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
