import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import type { ConfigNotice, DaemonConfig } from '../config/daemon-config.js'
import { ServiceError } from '../core/error.js'
import { CommandError, ExitCode, usageError } from './exit-codes.js'
import { DEFAULT_CONFIG_FILE, writeDefaultConfig } from './init.js'
import type { Terminal } from './terminal.js'

export interface ServeOptions {
  /** `-m`: "0" is local mode, the default; "1" would be the configuration centre. */
  readonly mode?: string
  /** `-c`, default `aiges.toml`. */
  readonly config?: string
  /** `-s`, default `svcName`. */
  readonly service?: string
}

/** Runs a daemon until it stops, and resolves with the exit code. */
export type RunDaemon = (config: DaemonConfig, notices: readonly ConfigNotice[]) => Promise<number>

/** The daemon with all that it needs is loaded only to serve, so that the other commands start at once. */
const loadDaemon = async (): Promise<RunDaemon> => (await import('../daemon.js')).runDaemon

function checkMode(mode: string): void {
  if (mode === '1') {
    throw usageError('-m 1: the configuration centre is not available in this version; use -m 0 with a local file')
  }
  if (mode !== '0') throw usageError(`-m: found "${mode}", allowed: 0 (local mode)`)
}

/**
 * `-m 0`: serves until it is told to stop. The default configuration file is written first when it is absent.
 * @throws CommandError for wrong usage or configuration
 */
export async function serve(
  { mode = '0', config: file = DEFAULT_CONFIG_FILE, service = 'svcName' }: ServeOptions,
  terminal: Terminal,
  load: () => Promise<RunDaemon> = loadDaemon,
): Promise<number> {
  checkMode(mode)
  if (!existsSync(file) && resolve(file) === resolve(DEFAULT_CONFIG_FILE) && writeDefaultConfig()) {
    terminal.err(`there was no ${DEFAULT_CONFIG_FILE}: wrote ${resolve(file)}\n`)
  }
  const { loadConfig } = await import('../config/load-config.js')
  try {
    const { config, notices } = loadConfig({ file, service, env: terminal.env })
    const runDaemon = await load()
    return await runDaemon(config, notices)
  } catch (error) {
    if (!(error instanceof ServiceError) || error.reason !== 'misconfigured') throw error
    throw new CommandError(ExitCode.usage, error.message, { cause: error })
  }
}
