import { join } from 'node:path'
import { copyTree } from './copy-tree.js'
import { ExitCode } from './exit-codes.js'
import { howToRun } from './how-to-run.js'
import { packageFile } from './package-files.js'
import type { Terminal } from './terminal.js'

/** What of the example belongs to its making and not to its use. */
const SKIPPED: ReadonlySet<string> = new Set(['.venv', 'train', '__pycache__', 'quickstart.mjs', 'log'])

/** `-mnist`: writes the bundled example to `./aiges_demo/mnist`; existing files are kept. */
export function mnist(terminal: Terminal, source: string = packageFile('examples', 'mnist')): ExitCode {
  const target = join('aiges_demo', 'mnist')
  const { written, kept } = copyTree(source, target, SKIPPED)
  for (const path of written) terminal.out(`wrote ${join(target, path)}\n`)
  for (const path of kept) terminal.out(`kept  ${join(target, path)} (exists)\n`)
  terminal.out(howToRun(target, 'aiservice -m 0 -c aiges.toml -s svcName'))
  return ExitCode.ok
}
