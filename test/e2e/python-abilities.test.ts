import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { WrapperCall, WrapperResult } from '../../src/core/backend.js'
import type { Payload, TensorInfo } from '../../src/core/payload.js'
import { prepareLaunch } from '../../src/plugin/launch.js'
import { ReplicaSet } from '../../src/plugin/replica-set.js'
import { createSocketFolder } from '../../src/plugin/socket-folder.js'
import { pythonOf, wrapperFolder } from '../helpers/daemon-process.js'

const sockets = createSocketFolder()
const running: ReplicaSet[] = []
let plugins: ReplicaSet

/** @param env what the plugin's environment has beside the usual */
async function start(env: Readonly<Record<string, string>> = {}): Promise<ReplicaSet> {
  const command = `${pythonOf('bundled')} -m aiges.serve`
  const cwd = wrapperFolder('abilities')
  const launch = await prepareLaunch({
    command,
    cwd,
    env: process.env,
    socketFolder: sockets.path,
    probeTimeoutMs: 60_000,
  })
  const set = new ReplicaSet({
    model: 'abilities',
    version: '1',
    launch: { ...launch, env: { ...launch.env, ...env } },
    wrapperConfig: {},
    replicas: 1,
    concurrency: 1,
    maxBatch: 3,
    maxBatchDelayMs: 60_000,
    startTimeoutMs: 60_000,
    log: pino({ level: 'silent' }),
  })
  running.push(set)
  await set.start()
  return set
}

beforeAll(async () => {
  plugins = await start()
})
afterAll(async () => {
  await Promise.all(running.map(set => set.stop(1000)))
  sockets.remove()
})

function payload(key: string, data: Uint8Array, tensor?: TensorInfo): Payload {
  return { key, type: 'other', status: 3, attributes: {}, data, ...(tensor && { tensor }) }
}

function call(payloads: Payload[], method?: string): WrapperCall {
  const base = { sid: 's', parameters: {}, payloads, deadline: performance.now() + 60_000 }
  return method === undefined ? base : { ...base, method }
}

async function once(request: WrapperCall, set = plugins): Promise<WrapperResult> {
  const lease = set.acquire()
  try {
    return await lease.once(request)
  } finally {
    lease.release(() => {})
  }
}

const floats = (...values: number[]) => Buffer.from(new Float32Array(values).buffer)
const longs = (...values: bigint[]) => Buffer.from(new BigInt64Array(values).buffer)

describe('a wrapper of the Python SDK', () => {
  it('tells the daemon what it takes, gives and can do', () => {
    const tensor = (name: string, datatype: string, shape: number[]) => ({ name, datatype, shape, optional: false })
    expect(plugins.abilities).toMatchObject({ once: true, chat: true, streamingOutput: true, sessions: false })
    expect(plugins.signature).toEqual({
      inputs: [tensor('x', 'FP32', [-1])],
      outputs: [tensor('y', 'FP32', [-1]), tensor('together', 'INT64', [])],
    })
    const [inputs, outputs] = [[tensor('names', 'BYTES', [-1])], [tensor('lengths', 'INT64', [-1])]]
    expect(plugins.methods).toEqual([{ name: 'measure', inputs, outputs }])
  })

  it('answers a method with tensors', async () => {
    const names = payload('names', Buffer.from('\x01\0\0\0a\x03\0\0\0abc'), { datatype: 'BYTES', shape: [2] })
    const { payloads } = await once(call([names], 'measure'))
    expect(payloads).toMatchObject([{ key: 'lengths', tensor: { datatype: 'INT64', shape: [2] }, data: longs(1n, 3n) }])
  })

  it('answers requests that wait together in one batch', async () => {
    const shape = { datatype: 'FP32', shape: [1] }
    const results = await Promise.all([1, 2, 3].map(n => once(call([payload('x', floats(n), shape)]))))
    expect(results.map(({ payloads: [y] }) => y)).toMatchObject(
      [2, 4, 6].map(n => ({ data: floats(n), tensor: shape })),
    )
    for (const { payloads } of results) expect(payloads[1]).toMatchObject({ key: 'together', data: longs(3n) })
  })

  it('chats piece by piece, and says in the end why, and what it took', async () => {
    const messages = payload('messages', Buffer.from(JSON.stringify([{ role: 'user', content: 'one two' }])))
    const lease = plugins.acquire()
    const results: WrapperResult[] = []
    for await (const result of lease.stream(call([messages], 'chat'))) results.push(result)
    lease.release(() => {})
    expect(results.map(({ payloads }) => payloads[0]?.data.toString())).toEqual(['ONE', 'TWO', ''])
    expect(results.at(-1)).toMatchObject({
      last: true,
      payloads: [{ key: 'content', type: 'text', attributes: { finish_reason: 'length' } }],
      usage: { input: 1, output: 2 },
    })
  })

  it('gives and takes tensors over protocol 1 as well', async () => {
    const old = await start({ PLUGIN_PROTOCOL_VERSIONS: '1' })
    expect(old.abilities).toMatchObject({ once: true, chat: false })
    const shape = { datatype: 'FP32', shape: [2] }
    const { payloads } = await once(call([payload('x', floats(1, 2), shape)]), old)
    expect(payloads).toMatchObject([
      { key: 'y', data: floats(2, 4), tensor: shape, attributes: {} },
      { key: 'together', data: longs(1n), tensor: { datatype: 'INT64', shape: [] } },
    ])
  })
})
