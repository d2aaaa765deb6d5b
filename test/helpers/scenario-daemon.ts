import { join } from 'node:path'
import { type DaemonOptions, type DaemonProcess, ROOT, startDaemonProcess } from './daemon-process.js'

/** A daemon that serves, and where. */
export interface ServingDaemon {
  readonly process: DaemonProcess
  /** With its scheme. */
  readonly http: string
  readonly grpc: string
}

/** The wrapper that goes wrong as a scenario wants it. */
export const SCENARIO_WRAPPER = join(ROOT, 'test/helpers/wrappers/scenario')

/** What it prints, and nothing of the daemon's own: it works on a request, it has seen that nobody waits any more. */
export const WORKING = /^working \S+ \d+$/
export const CANCELLED = /^cancelled \S+ \d+$/

/**
 * Starts a daemon whose plugin speaks this protocol, and waits until it serves. Whoever starts it stops it.
 * @throws when the plugin speaks another one
 */
export async function startServing(options: DaemonOptions, protocol: 1 | 2 = 2): Promise<ServingDaemon> {
  const daemon = startDaemonProcess(protocol === 1 ? offeringProtocol1(options) : options)
  const addresses = await daemon.ready
  const plugin = await daemon.line(({ msg }) => msg === 'plugin is ready')
  if (plugin['protocol'] !== protocol) throw new Error(`the plugin speaks protocol ${plugin['protocol']}`)
  return { process: daemon, ...addresses }
}

/** Offers protocol 1 alone to the SDK that comes with the daemon, which then speaks it. */
function offeringProtocol1(options: DaemonOptions): DaemonOptions {
  const pythonPluginCmd = 'PLUGIN_PROTOCOL_VERSIONS=1 exec python -m aiges.serve'
  return {
    ...options,
    config: { ...options.config, aiges: { ...options.config?.['aiges'], pythonPluginCmd } },
    env: { ...options.env, PYTHONPATH: join(ROOT, 'plugins/python') },
  }
}

/** Resolves with the next line that matches and was not there yet. */
export async function nextLine(
  { process: { log, line } }: Pick<ServingDaemon, 'process'>,
  pattern: RegExp,
): Promise<string> {
  const seen = new Set(log)
  const { msg } = await line(candidate => !seen.has(candidate) && pattern.test(candidate.msg))
  return msg
}

/** How many requests have ended so, as the metrics say. @param code `ok` or a reason of the error catalogue */
export async function requestsEnded(http: string, protocol: string, code: string): Promise<number> {
  const metrics = await (await fetch(`${http}/metrics`)).text()
  const line = new RegExp(`^aiservice_requests_total\\{[^}]*protocol="${protocol}",code="${code}"\\} (\\d+)$`, 'm')
  return Number(line.exec(metrics)?.[1] ?? 0)
}

/** Asks until a request would be served; the test's own time limit ends it. */
export async function untilReady(http: string): Promise<void> {
  while (!(await fetch(`${http}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
}
