import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type Memory, memoryOf, WITH_HEAP_PROBE } from '../helpers/daemon-memory.js'
import type { DaemonOptions, DaemonProcess } from '../helpers/daemon-process.js'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { MID } from '../helpers/scenario-edgeboard.js'
import { MODEL } from '../helpers/scenario-front-end.js'
import { slotsInUse } from '../helpers/web-socket-client.js'
import type { Account } from './account.js'
import { processesWith, within } from './processes.js'

/** How long things may take that take a moment, on a machine that is busy. */
const PATIENCE_MS = 60_000
/** How long processes may outlive a daemon that ended in an orderly way. */
const ORPHAN_GRACE_MS = 10_000
/** After so many requests a daemon has its working size. */
const WARM_AFTER = 10_000
/** V8 gives memory back some seconds after a collection, when there is nothing to do. */
const REST_MS = 10_000

/** A daemon with the scenario wrapper whose processes can be told from all others. */
export interface ChaosDaemon extends ServingDaemon {
  readonly pid: number
  /** In the environment of the daemon and of all that it started. */
  readonly mark: string
  /** The plugins' processes in the order in which they became ready, ended ones included. */
  plugins(): number[]
  /** Whether `count` plugins have become ready since the start, within a minute. */
  hasStarted(count: number): Promise<boolean>
  /** Notes its memory in the account, once, when that has 10,000 requests; clients who wait for it leave it in peace. */
  measure(account: Account): Promise<void>
  /** Asks it to stop and notes whatever it left behind, or complained of, in the account. */
  end(account: Account): Promise<void>
}

/** Starts one. Whoever starts it ends it. */
export async function startChaosDaemon(
  config: NonNullable<DaemonOptions['config']> = {},
  env: DaemonOptions['env'] = {},
): Promise<ChaosDaemon> {
  const mark = `CHAOS_RUN=${randomUUID()}`
  const [name = '', value = ''] = mark.split('=')
  const daemon = await startServing({
    cwd: SCENARIO_WRAPPER,
    config: {
      log: { level: 'info' },
      ...config,
      [`models.${MODEL}`]: { mid: MID, dir: SCENARIO_WRAPPER, ...config[`models.${MODEL}`] },
    },
    env: { ...WITH_HEAP_PROBE, ...env, [name]: value },
  })
  const { child, log } = daemon.process
  const plugins = () => log.filter(({ msg }) => msg === 'plugin is ready').map(({ pid }) => Number(pid))
  let warm: Promise<Memory> | undefined
  return {
    ...daemon,
    pid: child.pid as number,
    mark,
    plugins,
    hasStarted: count => within(PATIENCE_MS, () => plugins().length >= count),
    async measure(account) {
      if (account.sent < WARM_AFTER) return
      warm ??= restingMemoryOf(daemon.process)
      account.memory.early = await warm
    },
    async end(account) {
      if (!(await within(PATIENCE_MS, async () => (await slotsInUse(daemon.http)) === 0))) {
        account.notes.push('slots are taken although nobody works')
      }
      account.memory.end = await (warm ? restingMemoryOf : memoryOf)(daemon.process)
      const code = await daemon.process.stop()
      if (code !== 0) account.notes.push(`the daemon ended with ${code}: ${daemon.process.output().slice(-2000)}`)
      await countOrphans(mark, account, ORPHAN_GRACE_MS)
      const faults = log.filter(({ reason, level }) => reason === 'internal' || level === 'fatal')
      account.wrong += faults.length
      account.notes.push(...faults.slice(0, 3).map(line => `the daemon says ${JSON.stringify(line)}`))
    },
  }
}

async function restingMemoryOf(daemon: DaemonProcess): Promise<Memory> {
  await memoryOf(daemon)
  await delay(REST_MS)
  return memoryOf(daemon)
}

/** Counts what is left of a daemon that has ended, and ends it. */
export async function countOrphans(mark: string, account: Account, graceMs: number): Promise<void> {
  await within(graceMs, () => processesWith(mark).length === 0)
  const left = processesWith(mark)
  account.orphans += left.length
  for (const pid of left) process.kill(pid, 'SIGKILL')
}
