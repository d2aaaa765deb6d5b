import { once } from 'node:events'
import { lstat, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import roll from 'pino-roll'
import type { LineStream } from './log-sink.js'

export interface LogFileOptions {
  /** For example `./log/aiges.log`: the lines go to `aiges.1.log`, `aiges.2.log`, …, and `aiges.log` links to the newest. */
  readonly path: string
  /** A file that has reached this size is followed by the next, in MiB. */
  readonly maxMegabytes: number
  /** How many files are kept beside the newest; 0 keeps all. */
  readonly files: number
  /** Files that were last written longer ago are removed; 0 keeps them. */
  readonly days: number
  /** Called when old files could not be removed or the link not be set; the lines are written all the same. */
  readonly onTidyFailure: (error: Error) => void
}

const DAY_MS = 86_400_000
const PRUNE_INTERVAL_MS = 3_600_000
const MAX_BUFFERED_BYTES = 8 << 20

/**
 * Opens a log file that rotates by size and keeps to a number of files and of days. The folder is created.
 * Rejects when the file cannot be opened.
 */
export async function openLogFile(options: LogFileOptions): Promise<LineStream> {
  const path = extname(options.path) === '' ? `${options.path}.log` : options.path
  const file = await roll({
    file: path,
    size: options.maxMegabytes,
    mkdir: true,
    maxLength: MAX_BUFFERED_BYTES,
  })
  await once(file, 'ready')

  const tidy = async () => {
    try {
      await linkNewest(path, file.file)
      await pruneLogFiles({ ...options, path })
    } catch (error) {
      options.onTidyFailure(error as Error)
    }
  }
  // One after the other: two at once would trip over each other's removals.
  let tidied = tidy()
  const tidyNext = () => {
    tidied = tidied.then(tidy)
  }
  await tidied
  file.on('ready', tidyNext)
  const timer = setInterval(tidyNext, PRUNE_INTERVAL_MS).unref()
  file.once('close', () => clearInterval(timer))
  return file
}

/** Removes the log files that are too many or too old; never the newest. */
export async function pruneLogFiles(options: Pick<LogFileOptions, 'path' | 'files' | 'days'>): Promise<void> {
  const { path, files, days } = options
  const folder = dirname(path)
  const extension = extname(path)
  const prefix = `${basename(path, extension)}.`
  const numbers = (await readdir(folder))
    .filter(name => name.startsWith(prefix) && name.endsWith(extension))
    .map(name => name.slice(prefix.length, name.length - extension.length))
    .filter(number => /^\d+$/.test(number))
    .sort((a, b) => Number(b) - Number(a))
  const oldest = days > 0 ? Date.now() - days * DAY_MS : Number.NEGATIVE_INFINITY
  const kept = files > 0 ? files : Number.POSITIVE_INFINITY
  for (const [index, number] of numbers.slice(1).entries()) {
    const file = join(folder, `${prefix}${number}${extension}`)
    if (index >= kept || (await stat(file)).mtimeMs < oldest) await rm(file, { force: true })
  }
}

/** Points `path` at the newest file, so that it can be followed under its configured name; leaves a real file there alone. */
async function linkNewest(path: string, newest: string): Promise<void> {
  const isTaken = await lstat(path).then(
    existing => !existing.isSymbolicLink(),
    () => false,
  )
  if (isTaken) return
  const temporary = `${path}.link`
  await rm(temporary, { force: true })
  await symlink(basename(newest), temporary)
  await rename(temporary, path)
}
