import { Metadata } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProtoGrpcType } from '../../src/gen/gateway/aiges-v1.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { postAse } from '../helpers/clients.js'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { untilFree } from '../helpers/web-socket-client.js'

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
const post = (headers: Record<string, string>, signal?: AbortSignal) =>
  postAse(`${daemon.http}/v1/svcName`, body, { headers, ...(signal && { signal }) })

/** When the daemon logs the wrapper's next line of this kind. */
async function next(pattern: RegExp): Promise<{ at: number; sid: string }> {
  const { log, line } = daemon.process
  const seen = log.length
  const { msg } = await line(entry => log.indexOf(entry) >= seen && pattern.test(entry.msg))
  return { at: performance.now(), sid: msg.split(' ')[1] as string }
}

/** The best of three, because the machine may be busy with something else. */
async function bestOf3(measure: () => Promise<number>): Promise<number> {
  return Math.min(await measure(), await measure(), await measure())
}

describe('the wrapper learns within 100 ms', () => {
  it('that the time of a request over HTTP is over, as its client does', async () => {
    const late = await bestOf3(async () => {
      const cancelled = next(/^cancelled /)
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
    const late = await bestOf3(async () => {
      const cancelled = next(/^cancelled /)
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

  it('that the client has left', async () => {
    const late = await bestOf3(async () => {
      const [working, cancelled] = [next(/^working /), next(/^cancelled /)]
      const client = new AbortController()
      const left = expect(post({}, client.signal)).rejects.toThrow()
      await working
      const leaving = performance.now()
      client.abort()
      await left
      const { at } = await cancelled
      await untilFree(daemon.http)
      return at - leaving
    })
    expect(late).toBeLessThan(LATE_MS)
  })
})

it('what waits is never run when its client leaves or its time is over', async () => {
  const working = next(/^working /)
  const first = new AbortController()
  const running = expect(post({}, first.signal)).rejects.toThrow()
  await working
  const begun = daemon.process.log.length
  const second = new AbortController()
  const left = expect(post({}, second.signal)).rejects.toThrow()
  const { body } = await post({ 'x-request-timeout-ms': '100' })
  expect(body.header.code).toBe(10102)
  second.abort()
  await left
  const cancelled = next(/^cancelled /)
  first.abort()
  await Promise.all([running, cancelled])
  await untilFree(daemon.http)
  expect(daemon.process.log.slice(begun).filter(({ msg }) => msg.startsWith('working '))).toEqual([])
})
