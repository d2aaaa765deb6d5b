import { constants, copyFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { ExitCode } from './exit-codes.js'
import { packageFile } from './package-files.js'
import type { Terminal } from './terminal.js'

/** The configuration file of the current folder, which `-c` defaults to and `-init` writes. */
export const DEFAULT_CONFIG_FILE = 'aiges.toml'

/** Writes the commented example configuration as `aiges.toml` into the current folder; returns false when one is there. */
export function writeDefaultConfig(): boolean {
  try {
    copyFileSync(packageFile('aiges.toml.example'), DEFAULT_CONFIG_FILE, constants.COPYFILE_EXCL)
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** `-init`: writes `aiges.toml`; an existing one is left alone. */
export function init(terminal: Terminal): ExitCode {
  const path = resolve(DEFAULT_CONFIG_FILE)
  terminal.out(
    writeDefaultConfig()
      ? `wrote ${path}\nstart the service with: aiservice -m 0 -c ${DEFAULT_CONFIG_FILE} -s svcName\n`
      : `${path} exists and was left as it is\n`,
  )
  return ExitCode.ok
}
