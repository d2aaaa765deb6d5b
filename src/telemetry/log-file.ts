import { once } from 'node:events'
import { lstat, mkdir, readdir, rename, rm, stat, symlink } from 'node:fs/promises'
import { basename, dirname, extname, join } from 'node:path'
import { destination } from 'pino'
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
const MEBIBYTE = 2 ** 20
const PRUNE_INTERVAL_MS = 3_600_000
const MAX_BUFFERED_BYTES = 8 << 20

/**
 * Opens a log file that rotates by size and keeps to a number of files and of days. The folder is created.
 * Rejects when the file cannot be opened.
 */
export async function openLogFile(options: LogFileOptions): Promise<LineStream> {
  const path = extname(options.path) === '' ? `${options.path}.log` : options.path
  await mkdir(dirname(path), { recursive: true })
  let number = (await numbersOf(path))[0] ?? 1
  const file = destination({ dest: numbered(path, number), sync: false, maxLength: MAX_BUFFERED_BYTES })
  await once(file, 'ready')

  let size = (await stat(numbered(path, number))).size
  file.on('write', bytes => {
    size += bytes
    if (size < options.maxMegabytes * MEBIBYTE) return
    size = 0
    number += 1
    const next = numbered(path, number)
    // Not in the middle of a line, and not when it is being closed, which would then never end.
    file.once('drain', () => file.reopen(next))
  })

  const tidy = async () => {
    try {
      await linkNewest(path, numbered(path, number))
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
  const numbers = await numbersOf(path)
  const oldest = days > 0 ? Date.now() - days * DAY_MS : Number.NEGATIVE_INFINITY
  const kept = files > 0 ? files : Number.POSITIVE_INFINITY
  for (const [index, number] of numbers.slice(1).entries()) {
    const file = numbered(path, number)
    if (index >= kept || (await stat(file)).mtimeMs < oldest) await rm(file, { force: true })
  }
}

/** The numbers of the log files that there are, the newest first. */
async function numbersOf(path: string): Promise<number[]> {
  const extension = extname(path)
  const prefix = `${basename(path, extension)}.`
  return (await readdir(dirname(path)))
    .filter(name => name.startsWith(prefix) && name.endsWith(extension))
    .map(name => name.slice(prefix.length, name.length - extension.length))
    .filter(number => /^[1-9]\d*$/.test(number))
    .map(Number)
    .sort((a, b) => b - a)
}

function numbered(path: string, number: number): string {
  const extension = extname(path)
  return join(dirname(path), `${basename(path, extension)}.${number}${extension}`)
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
