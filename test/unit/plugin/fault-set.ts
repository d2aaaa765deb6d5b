import { pino } from 'pino'
import { afterAll, afterEach } from 'vitest'
import type { WrapperCall, WrapperResult } from '../../../src/core/backend.js'
import { ServiceError } from '../../../src/core/error.js'
import { ReplicaSet, type ReplicaSetOptions } from '../../../src/plugin/replica-set.js'
import { createSocketFolder } from '../../../src/plugin/socket-folder.js'
import { type FaultLaunchOptions, faultLaunch } from '../../helpers/fault-launch.js'
import type { CallFault, StartMode } from '../../helpers/fault-plugin.js'

const sockets = createSocketFolder()
const running: ReplicaSet[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map(set => set.stop(100)))
})
afterAll(() => sockets.remove())

export interface FaultSetOptions extends Partial<Omit<FaultLaunchOptions, 'socketFolder'>>, Partial<ReplicaSetOptions> {
  /** A command of the test's own, which is given the arguments that start the plugin. */
  readonly shell?: string
}

/** Replicas of the misbehaving plugin, which are stopped after the test. */
export function faultSet(mode: StartMode, options: FaultSetOptions = {}): ReplicaSet {
  const { protocol = 2, network = 'unix', tls = false, shell, ...rest } = options
  const launch = faultLaunch(mode, { socketFolder: sockets.path as string, protocol, network, tls })
  const { file, args, text } = launch.command
  const command = shell === undefined ? launch.command : { file: '/bin/sh', args: ['-c', shell, file, ...args], text }
  const set = new ReplicaSet({
    model: 'fault',
    version: '1',
    launch: { ...launch, command },
    wrapperConfig: {},
    replicas: 1,
    concurrency: 1,
    startTimeoutMs: 10_000,
    termGraceMs: 300,
    log: pino({ level: 'silent' }),
    ...rest,
  })
  running.push(set)
  return set
}

let sids = 0
export function faultCall(fault: CallFault, text = 'hello'): WrapperCall {
  sids += 1
  const payload = { key: 'text', type: 'text', status: 3, attributes: {}, data: Buffer.from(text) } as const
  return { sid: `sid-${sids}`, parameters: { fault }, payloads: [payload], deadline: performance.now() + 10_000 }
}

/** Runs one call and gives its place back. */
export async function once(set: ReplicaSet, fault: CallFault) {
  const lease = set.acquire()
  try {
    return await lease.once(faultCall(fault))
  } finally {
    lease.release(() => {})
  }
}

/** The data of a result's first payload. */
export const textOf = ({ payloads }: WrapperResult) => Buffer.from(payloads[0]?.data ?? []).toString()

/** The process that answers. */
export async function pidOf(set: ReplicaSet): Promise<number> {
  return Number(textOf(await once(set, 'pid')))
}

/** Resolves when the set's readiness is what is expected. */
export function until(set: ReplicaSet, ready: boolean): Promise<void> {
  return new Promise(resolve => {
    const check = () => {
      if (set.readiness.ready !== ready) return
      stop()
      resolve()
    }
    const stop = set.onChange(check)
    check()
  })
}

/** The reason with which a call failed. */
export const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof ServiceError ? error.reason : `${error}`),
  )
