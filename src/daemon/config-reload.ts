import { statSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { Logger } from 'pino'
import type { DaemonConfig } from '../config/daemon-config.js'
import type { LoadedConfig } from '../config/load-config.js'
import { ServiceError } from '../core/error.js'

/** Parts of a configuration that count at the start only, with what they are called in the file. */
const FIXED: Readonly<Record<Exclude<keyof DaemonConfig, 'file' | 'models' | 'apps'>, string>> = {
  service: '-s',
  sub: '[aiges] sub',
  grpc: 'host, port and [http] grpcIdleTimeoutMs of the gRPC server',
  http: 'http_listen and [http]',
  protocols: '[protocols]',
  ws: '[ws]',
  ase: '[aiges] headerPass and normalizeText',
  log: '[log]',
  drainTimeoutMs: '[aiges] drainTimeoutMs',
  unreadyMs: '[aiges] unreadyMs',
  reloadOnChange: '[aiges] reloadOnChange',
  admin: '[admin]',
  runAs: '[aiges] runAs',
  tls: '[tls]',
  auth: '[auth] enabled and open',
}

export interface ConfigReloadOptions {
  /** What the daemon was started with. */
  readonly config: DaemonConfig
  /** @throws ServiceError `misconfigured` */
  readonly read: () => LoadedConfig
  /** Resolves when it is decided which of the models could be changed. */
  readonly apply: (config: DaemonConfig) => Promise<void>
  readonly log: Logger
}

/**
 * Makes what reads the configuration again and changes the models to what it says. A file that is wrong changes nothing.
 * It never rejects; a call that comes while another is at work waits for it.
 */
export function configReloader({ config, read, apply, log }: ConfigReloadOptions): () => Promise<void> {
  const reload = async () => {
    let next: LoadedConfig
    try {
      next = read()
    } catch (error) {
      const known = error instanceof ServiceError
      const why = error instanceof Error ? error.message : String(error)
      log.error(known ? {} : { err: error }, `the configuration was not read again, nothing changes: ${why}`)
      return
    }
    for (const { level, message } of next.notices) log[level](message)
    for (const part of fixedChanges(config, next.config)) log.warn(`${part}: the change counts from the next start on`)
    await apply(next.config)
    log.info({ file: config.file }, 'the configuration was read again')
  }
  let last = Promise.resolve()
  return () => {
    last = last.then(reload).catch(error => log.error({ err: error }, 'the configuration could not be applied'))
    return last
  }
}

/** Whether the configuration is another than the one that is in use, or cannot be read any more. */
export function isOutdated({ config, read }: Pick<ConfigReloadOptions, 'config' | 'read'>): boolean {
  try {
    return !isDeepStrictEqual(read().config, config)
  } catch {
    return true
  }
}

function fixedChanges(before: DaemonConfig, after: DaemonConfig): string[] {
  const keys = Object.keys(FIXED) as (keyof typeof FIXED)[]
  return keys.filter(key => !isDeepStrictEqual(before[key], after[key])).map(key => FIXED[key])
}

/**
 * Calls back when a file is another than it was at the call. It is looked at again and again, which works for files that
 * editors replace and for the links of Kubernetes, too.
 * @param intervalMs how often
 * @returns the function that ends it
 */
export function onFileChange(file: string, listener: () => void, intervalMs = 1000): () => void {
  let before = stampOf(file)
  const timer = setInterval(() => {
    const now = stampOf(file)
    // One that is gone for a moment is being replaced.
    if (now === undefined || now === before) return
    before = now
    listener()
  }, intervalMs)
  timer.unref()
  return () => clearInterval(timer)
}

function stampOf(file: string): string | undefined {
  try {
    const { ino, size, mtimeMs } = statSync(file)
    return `${ino} ${size} ${mtimeMs}`
  } catch {
    // Gone, or in a folder that must not be looked into at the moment.
    return undefined
  }
}
