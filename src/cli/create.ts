import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { listFiles } from './copy-tree.js'
import { CommandError, ExitCode, usageError } from './exit-codes.js'
import { howToRun } from './how-to-run.js'
import { packageFile } from './package-files.js'
import type { Terminal } from './terminal.js'

/** Stands for the project's name in the template's texts and file names. */
const PLACEHOLDER = '__NAME__'

const SKIPPED: ReadonlySet<string> = new Set(['__pycache__'])

/** A name that is good for a folder, an image tag and a service alike. */
const NAME_PATTERN = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/

/** Git's rule: what holds a zero byte is no text. */
const fill = (content: Buffer, name: string) =>
  content.includes(0) ? content : content.toString('utf8').replaceAll(PLACEHOLDER, name)

function checkTarget(name: string): void {
  if (!NAME_PATTERN.test(name)) {
    throw usageError(`-n: found "${name}", allowed: a letter, then up to 63 letters, digits, "_" and "-"`)
  }
  if (!existsSync(name)) return
  if (!statSync(name).isDirectory()) throw new CommandError(ExitCode.failed, `${name} exists and is no folder`)
  if (readdirSync(name).length > 0)
    throw new CommandError(ExitCode.failed, `the folder ${name} exists and is not empty`)
}

/**
 * `create -n NAME`: writes a new wrapper project into the folder NAME.
 * @throws CommandError when the name is unfit, or a folder of that name holds something
 */
export function create(
  name: string,
  terminal: Terminal,
  template: string = packageFile('plugins', 'python', 'aiges', 'templates', 'project'),
): ExitCode {
  checkTarget(name)
  for (const path of listFiles(template, SKIPPED)) {
    const destination = join(name, path.replaceAll(PLACEHOLDER, name))
    const source = join(template, path)
    mkdirSync(dirname(destination), { recursive: true })
    writeFileSync(destination, fill(readFileSync(source), name), { mode: statSync(source).mode })
    terminal.out(`wrote ${destination}\n`)
  }
  terminal.out(howToRun(name, 'aiservice -m 0'))
  return ExitCode.ok
}
