import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ProtoGrpcType } from '../../src/gen/gateway/aiges-v1.js'
import { XSF_CODES } from '../../src/protocols/xsf/error-map.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { nextLine, SCENARIO_WRAPPER, type ServingDaemon, startServing, WORKING } from '../helpers/scenario-daemon.js'
import { openRawWebSocket } from '../helpers/scenario-web-socket.js'
import { createXsfClient, decodeOutput, encodeInput } from '../helpers/scenario-xsf.js'
import { untilFree } from '../helpers/web-socket-client.js'

const FRAME = Buffer.alloc(100_000, 'x')
const FRAMES = 1000

/**
 * What daemon and plugin may grow by: what is on its way on connections and in both processes' windows, most of it the
 * daemon's garbage of frames that it has decoded. All frames together are several times as much.
 */
const MOST_GROWTH_BYTES = 40 << 20

let daemon: ServingDaemon
beforeAll(async () => {
  daemon = await startServing({ cwd: SCENARIO_WRAPPER })
})
afterAll(() => daemon.process.stop())

interface WritingClient {
  /** Bytes that have left the client. */
  sent(): number
  leave(): void
}

describe.each([
  ['WebSocket', writeOverWebSocket],
  ['aiges.v1 Stream', writeOverGrpc],
])('a client that writes 100 MB over %s to a wrapper that never takes a frame', (_, connectAndWrite) => {
  it('waits, and neither daemon nor plugin holds what it wants to write', async () => {
    const plugin = Number((await daemon.process.line(({ msg }) => msg === 'plugin is ready'))['pid'])
    const processes = { daemon: daemon.process.child.pid as number, plugin }
    const before = { daemon: residentBytes(processes.daemon), plugin: residentBytes(processes.plugin) }
    const working = nextLine(daemon, WORKING)
    const client = await connectAndWrite(daemon)
    await working
    await untilNothingMoves(daemon, client)
    expect(client.sent()).toBeLessThan((FRAMES / 2) * FRAME.length)
    expect(residentBytes(processes.daemon) - before.daemon).toBeLessThan(MOST_GROWTH_BYTES)
    expect(residentBytes(processes.plugin) - before.plugin).toBeLessThan(MOST_GROWTH_BYTES)
    client.leave()
    await untilFree(daemon.http)
  })
})

it('lets an AIIn of XsfCall wait, and refuses its frame when the wrapper has not taken those before in time', async () => {
  const client = createXsfClient(daemon.grpc)
  const send = async (seqNo: string, status: string, sync_id: number) => {
    const pl = [{ meta: { name: 'txt', attribute: { status } }, data: FRAME }]
    const input = { serviceId: 'svcName', state: 'STREAM', params: { fault: 'stuck' }, pl, sync_id } as const
    // The wrapper may take its time to create the session.
    const param = { SeqNo: seqNo, waitTime: seqNo === '1' ? '5000' : '200' }
    const answer = await client.call({ op: 'AIIn', s: { h: 'stuck' }, param, data: [{ data: encodeInput(input) }] })
    return decodeOutput(answer.data[0]?.data).code
  }
  try {
    expect(await send('1', '0', 0)).toBe(0)
    let frames = 1
    let code = 0
    for (; code === 0 && frames < FRAMES; frames += 1) code = await send('2', '1', frames)
    expect(code).toBe(XSF_CODES.result_timeout)
    // Two are on their way to the wrapper, the third one waits for room, and the fourth for the third.
    expect(frames).toBe(4)
    await client.call({ op: 'AIExcp', s: { h: 'stuck' }, param: { SeqNo: '2' } })
    await untilFree(daemon.http)
  } finally {
    client.close()
  }
})

async function writeOverWebSocket({ http }: ServingDaemon): Promise<WritingClient> {
  const { socket } = await openRawWebSocket(http)
  const payload = (status: number) => ({ txt: { status, text: FRAME.toString('base64') } })
  const parameter = { svcName: { fault: 'stuck' } }
  socket.send(JSON.stringify({ header: { status: 0 }, parameter, payload: payload(0) }))
  const further = JSON.stringify({ header: { status: 1 }, payload: payload(1) })
  let sent = 0
  for (let frame = 1; frame < FRAMES; frame += 1) {
    socket.send(further, error => {
      if (!error) sent += FRAME.length
    })
  }
  return { sent: () => sent, leave: () => socket.terminate() }
}

async function writeOverGrpc({ grpc }: ServingDaemon): Promise<WritingClient> {
  const { Inference } = loadProto<ProtoGrpcType>('gateway', 'aiges-v1.proto').aiges.v1
  const client = createClient(Inference, { address: grpc, maxMessageBytes: -1 })
  const call = client.Stream()
  call.on('error', () => {}).resume()
  let sent = 0
  for (let frame = 0; frame < FRAMES; frame += 1) {
    const status = frame === 0 ? 'BEGIN' : 'CONTINUE'
    call.write({ params: { fault: 'stuck' }, data: [{ data_id: 'txt', status, data: FRAME }] }, (error: unknown) => {
      if (!error) sent += FRAME.length
    })
  }
  return {
    sent: () => sent,
    leave() {
      call.cancel()
      client.close()
    },
  }
}

/** Resolves when the client has got rid of nothing while the daemon has answered others many times. */
async function untilNothingMoves({ http }: ServingDaemon, client: WritingClient): Promise<void> {
  let sent = client.sent()
  for (let answers = 0; answers < 100; answers += 1) {
    await (await fetch(`${http}/metrics`)).text()
    if (client.sent() === sent) continue
    sent = client.sent()
    answers = 0
  }
}

function residentBytes(pid: number): number {
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
  return Number(found?.[1]) * 1024
}
