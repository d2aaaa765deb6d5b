import { Metadata } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { ProtoGrpcType } from '../../src/gen/gateway/aiges-v1.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { postAse } from '../helpers/clients.js'
import {
  CANCELLED,
  nextLine,
  SCENARIO_WRAPPER,
  type ServingDaemon,
  startServing,
  WORKING,
} from '../helpers/scenario-daemon.js'
import { soonest } from '../helpers/soonest.js'
import { slotsInUse, untilFree } from '../helpers/web-socket-client.js'

/** From the end of a request to the wrapper's seeing it, and to the client's answer. */
const LATE_MS = 100
const TIMEOUT_MS = 300

let daemon: ServingDaemon
beforeAll(async () => {
  daemon = await startServing({ cwd: SCENARIO_WRAPPER, config: { fc: { max: 1 } } })
})
afterAll(() => daemon.process.stop())

const body = {
  header: { status: 3 },
  parameter: { svcName: { fault: 'hang' } },
  payload: { txt: { status: 3, text: Buffer.from('x').toString('base64') } },
}
const post = (headers: Record<string, string>) => postAse(`${daemon.http}/v1/svcName`, body, { headers })

/** When the daemon logs the wrapper's next line of this kind. */
async function next(pattern: RegExp): Promise<{ at: number; sid: string }> {
  const { log, line } = daemon.process
  const seen = log.length
  const { msg } = await line(entry => log.indexOf(entry) >= seen && pattern.test(entry.msg))
  return { at: performance.now(), sid: msg.split(' ')[1] as string }
}

describe('the wrapper learns within 100 ms, where the client says how long it waits,', () => {
  it('that the time of a request over HTTP is over, as its client does', async () => {
    const late = await soonest(LATE_MS, async () => {
      const cancelled = next(CANCELLED)
      const begun = performance.now()
      const answer = post({ 'x-request-timeout-ms': String(TIMEOUT_MS) })
      const { status, body } = await answer
      const answered = performance.now()
      expect([status, body.header.code]).toEqual([504, 10102])
      const { at } = await cancelled
      await untilFree(daemon.http)
      return Math.max(answered, at) - begun - TIMEOUT_MS
    })
    expect(late).toBeLessThan(LATE_MS)
  })

  it('that the deadline of a gRPC call has passed', async () => {
    const { Inference } = loadProto<ProtoGrpcType>('gateway', 'aiges-v1.proto').aiges.v1
    const client = createClient(Inference, { address: daemon.grpc, maxMessageBytes: 1 << 20 })
    const data = [{ data_id: 'txt', status: 'END' as const, data: Buffer.from('x') }]
    const late = await soonest(LATE_MS, async () => {
      const cancelled = next(CANCELLED)
      const begun = performance.now()
      const options = { deadline: Date.now() + TIMEOUT_MS }
      await new Promise(resolve => client.Exec({ data, params: { fault: 'hang' } }, new Metadata(), options, resolve))
      const { at } = await cancelled
      await untilFree(daemon.http)
      return at - begun - TIMEOUT_MS
    })
    client.close()
    expect(late).toBeLessThan(LATE_MS)
  })
})

describe.each([
  ['for a slot', { fc: { max: 1 } }],
  ['in its plugin for the call before', { fc: { max: 8 }, aiges: { concurrency: 1 } }],
])('a request that waits %s', (_, config) => {
  let other: ServingDaemon
  beforeAll(async () => {
    other = await startServing({ cwd: SCENARIO_WRAPPER, config })
  })
  afterAll(() => other.process.stop())

  it('is never run when its client leaves or its time is over', async () => {
    const { http, process } = other
    const send = (headers: Record<string, string>, signal?: AbortSignal) =>
      postAse(`${http}/v1/svcName`, body, { headers, ...(signal && { signal }) })
    const working = nextLine(other, WORKING)
    const [first, second] = [new AbortController(), new AbortController()]
    const running = expect(send({}, first.signal)).rejects.toThrow()
    await working
    const begun = process.log.length
    const left = expect(send({}, second.signal)).rejects.toThrow()
    const answer = await send({ 'x-request-timeout-ms': '100' })
    expect(answer.body.header.code).toBe(10102)
    second.abort()
    await left
    // Its slot is free at once, although the plugin is still busy with the first.
    await vi.waitFor(async () => expect(await slotsInUse(http)).toBe(1))
    const cancelled = nextLine(other, CANCELLED)
    first.abort()
    await Promise.all([running, cancelled])
    await untilFree(http)
    expect(process.log.slice(begun).filter(({ msg }) => WORKING.test(msg))).toEqual([])
  })
})
