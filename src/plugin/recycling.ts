import type { Logger } from 'pino'
import type { Replica } from './replica.js'
import { treeMemory } from './runner/process-memory.js'

/** When a plugin is exchanged for a fresh one; 0 stands for never. */
export interface RecycleLimits {
  /** After so many requests, at the next look. */
  readonly requests: number
  /** When it and all that it started have more resident memory than this, in MiB. */
  readonly memoryMiB: number
}

/** What recycling needs of a set of replicas. */
export interface RecycledSet {
  /** Those that take requests. */
  readonly running: readonly Replica[]
  /** Exchanges one without a request that fails; resolves with whether it has been. */
  exchange(replica: Replica): Promise<boolean>
}

/** Between two looks, in ms. */
const LOOK_EVERY_MS = 1000
/** How long it is left alone when an exchange did not succeed, in ms. */
const TRY_AGAIN_AFTER_MS = 60_000

/** Exchanges replicas that are worn out, one at a time. @returns ends that */
export function startRecycling(limits: RecycleLimits, set: RecycledSet, log: Logger): () => void {
  let timer: NodeJS.Timeout | undefined
  let ended = false
  const look = async () => {
    const exchanged = await exchangeOne(limits, set, log)
    if (ended) return
    if (exchanged === false) log.warn('the plugin could not be exchanged; it goes on, and is tried again later')
    timer = setTimeout(look, exchanged === false ? TRY_AGAIN_AFTER_MS : LOOK_EVERY_MS).unref()
  }
  timer = setTimeout(look, LOOK_EVERY_MS).unref()
  return () => {
    ended = true
    clearTimeout(timer)
  }
}

/** @returns undefined: there was none */
async function exchangeOne(limits: RecycleLimits, set: RecycledSet, log: Logger): Promise<boolean | undefined> {
  for (const replica of set.running) {
    const why = await wear(limits, replica)
    if (why === undefined) continue
    log.info({ pid: replica.pid }, `the plugin is exchanged for a fresh one: ${why}`)
    return set.exchange(replica)
  }
  return undefined
}

async function wear({ requests, memoryMiB }: RecycleLimits, { served, pid }: Replica): Promise<string | undefined> {
  if (requests > 0 && served >= requests) return `it was given ${served} requests`
  if (memoryMiB === 0 || pid === undefined) return undefined
  const mebibytes = (await treeMemory(pid)) / (1 << 20)
  return mebibytes > memoryMiB ? `it occupies ${Math.round(mebibytes)} MiB` : undefined
}
