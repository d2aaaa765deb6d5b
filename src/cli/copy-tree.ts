import { constants, copyFileSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface CopyReport {
  /** Relative paths of the files that were written. */
  readonly written: readonly string[]
  /** Relative paths of the files that were there before and stay as they were. */
  readonly kept: readonly string[]
}

/** Relative paths of the files below a folder, without what `skip` names at any depth. */
export function listFiles(folder: string, skip: ReadonlySet<string>, prefix = ''): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true })
    .filter(entry => !skip.has(entry.name))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const path = join(prefix, entry.name)
      return entry.isDirectory() ? listFiles(folder, skip, path) : [path]
    })
}

/** Copies the files below a folder to another one, and never overwrites any. */
export function copyTree(source: string, target: string, skip: ReadonlySet<string>): CopyReport {
  const written: string[] = []
  const kept: string[] = []
  for (const path of listFiles(source, skip)) {
    const destination = join(target, path)
    if (existsSync(destination)) {
      kept.push(path)
      continue
    }
    mkdirSync(dirname(destination), { recursive: true })
    copyFileSync(join(source, path), destination, constants.COPYFILE_EXCL)
    written.push(path)
  }
  return { written, kept }
}
