import { type Logger, pino } from 'pino'
import type { Resources, WrapperCall, WrapperResult, WrapperSession } from '../../../src/core/backend.js'
import { type Payload, Status } from '../../../src/core/payload.js'
import type { Launch } from '../../../src/plugin/launch.js'
import type { NativeLaunchOptions } from '../../../src/plugin/native-launch.js'
import { ReplicaSet } from '../../../src/plugin/replica-set.js'
import { createSocketFolder } from '../../../src/plugin/socket-folder.js'
import type { WrapperSeries } from '../../../src/telemetry/wrapper-metrics.js'
import { nativeHostLaunch } from '../../helpers/native-engine.js'

export interface NativeSetOptions extends Partial<NativeLaunchOptions> {
  readonly wrapperConfig?: Readonly<Record<string, string>>
  readonly concurrency?: number
  /** How the host is started. Default: as it is. */
  readonly launch?: (options: Partial<NativeLaunchOptions>) => Launch
  readonly replicas?: number
  readonly resources?: Resources
  readonly series?: WrapperSeries
  readonly log?: Logger
}

/** Replicas of the native host with the test engine. Whoever makes a set starts and closes it. */
export function nativeSet(options: NativeSetOptions = {}) {
  const {
    wrapperConfig = {},
    concurrency = 8,
    replicas = 1,
    launch = nativeHostLaunch,
    resources = new Map(),
    series,
    log,
    ...others
  } = options
  const sockets = createSocketFolder()
  const set = new ReplicaSet({
    model: 'native',
    version: '1',
    launch: launch({ socketFolder: sockets.path, ...others }),
    wrapperConfig,
    replicas,
    resources,
    ...(series && { series }),
    concurrency,
    startTimeoutMs: 20_000,
    termGraceMs: 300,
    log: log ?? pino({ level: 'silent' }),
  })
  return {
    set,
    async close() {
      await set.stop(1000)
      sockets.remove()
    },
  }
}

export function payload(text: string | Uint8Array, status: Status = Status.once): Payload {
  return { key: 'text', type: 'text', status, attributes: { encoding: 'utf8' }, data: Buffer.from(text) }
}

let sids = 0
export function callOf(parameters: Record<string, string>, options: Partial<WrapperCall> = {}): WrapperCall {
  sids += 1
  const deadline = performance.now() + 10_000
  return { sid: `sid-${sids}`, parameters, payloads: [payload('hello')], deadline, ...options }
}

/** One request. */
export async function once(set: ReplicaSet, parameters: Record<string, string>, options: Partial<WrapperCall> = {}) {
  const lease = set.acquire()
  try {
    return await lease.once(callOf(parameters, options))
  } finally {
    lease.release(() => {})
  }
}

/** The outputs of a result as texts, `key=text`. */
export function texts({ payloads }: Pick<WrapperResult, 'payloads'>): string[] {
  return payloads.map(({ key, data }) => `${key}=${Buffer.from(data)}`)
}

/** What the engine has counted. */
export async function counts(set: ReplicaSet): Promise<Readonly<Record<string, number>>> {
  const [text = ''] = texts(await once(set, { do: 'counts' }))
  return Object.fromEntries([...text.matchAll(/(\w+)=(\d+)/g)].map(([, name, number]) => [name, Number(number)]))
}

/** Opens a session and hands it to `use`; resolves when the engine has let go of it. */
export async function withSession<T>(
  set: ReplicaSet,
  parameters: Record<string, string>,
  use: (session: WrapperSession) => Promise<T>,
  resources: readonly number[] = [],
): Promise<T> {
  const lease = set.acquire()
  let idle = () => {}
  const released = new Promise<void>(resolve => {
    idle = resolve
  })
  let session: WrapperSession | undefined
  try {
    session = await lease.open({ sid: 'session', parameters, deadline: performance.now() + 10_000, resources })
    return await use(session)
  } finally {
    session?.close()
    lease.release(idle)
    await released
  }
}

/** Writes one frame for each text, the last one with status end, and gathers the texts of all results. */
export async function converse(session: WrapperSession, frames: readonly string[]): Promise<string[]> {
  for (const [index, text] of frames.entries()) {
    const status = index + 1 === frames.length ? Status.end : index === 0 ? Status.begin : Status.continue
    await session.write([payload(text, status)])
  }
  const results: string[] = []
  for await (const result of session.results) results.push(...texts(result))
  return results
}
