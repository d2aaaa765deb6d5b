import { Agent, request } from 'node:http'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { ProtoGrpcType } from '../../src/gen/gateway/aiges-v1.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { rpcErrorOf, unaryCall } from '../../src/rpc/unary.js'
import { postAse, textRequest } from '../helpers/clients.js'
import { type DaemonOptions, type DaemonProcess, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'

const CLIENTS = 16
const BODY = JSON.stringify(textRequest('hello'))

/** Time enough for a few requests on a machine that is busy with something else. */
const UNREADY_MS = 3000

/** What grpc-js says of calls that the server has not begun, and that may be sent elsewhere: HTTP/2 tells it so. */
const NOT_BEGUN = /ECONNREFUSED|Stream refused by server/

const daemons: DaemonProcess[] = []
afterEach(() => Promise.all(daemons.splice(0).map(daemon => daemon.stop())))

async function start(config: DaemonOptions['config'] = {}) {
  const daemon = startDaemonProcess({ cwd: wrapperFolder('minimal'), config })
  daemons.push(daemon)
  return { daemon, ...(await daemon.ready) }
}

/** One after the other for each client until `ask` answers `gone`; what the answers were, with their number. */
async function load(ask: () => Promise<string>, onAnswer: () => void): Promise<ReadonlyMap<string, number>> {
  const answers = new Map<string, number>()
  const client = async () => {
    for (let answer = await ask(); answer !== 'gone'; answer = await ask()) {
      answers.set(answer, (answers.get(answer) ?? 0) + 1)
      onAnswer()
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, client))
  return answers
}

/** Posts over kept connections; `gone` when no connection can be had. */
function httpAsk(http: string, agent: Agent): () => Promise<string> {
  return () =>
    new Promise(resolve => {
      const asked = request(`${http}/v1/svcName`, { agent, method: 'POST' }, response => {
        response.resume().on('end', () => resolve(String(response.statusCode)))
      })
      asked.on('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code === 'ECONNREFUSED' ? 'gone' : `lost: ${error.code}`)
      })
      asked.end(BODY)
    })
}

describe('a daemon that is told to stop while clients send all the time', () => {
  it('answers every request that was sent over an open connection', async () => {
    const { daemon, http } = await start()
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS })
    let answered = 0
    const answers = load(httpAsk(http, agent), () => {
      answered += 1
      if (answered === 500) daemon.child.kill('SIGTERM')
    })
    expect([...(await answers).keys()]).toEqual(['200'])
    expect(await daemon.exited).toBe(0)
    agent.destroy()
  })

  it('fails no gRPC call that it has begun, and sends the others elsewhere', async () => {
    const { daemon, grpc } = await start()
    const { Inference } = loadProto<ProtoGrpcType>('gateway', 'aiges-v1.proto').aiges.v1
    const client = createClient(Inference, { address: grpc, maxMessageBytes: 1 << 20 })
    const data = [{ data_id: 'text', status: 'END' as const, data: Buffer.from('x') }]
    const ask = async () => {
      try {
        await unaryCall(client, client.Exec, { data })
        return 'ok'
      } catch (error) {
        const failure = rpcErrorOf(error)
        const isGone = failure?.code === status.UNAVAILABLE && NOT_BEGUN.test(failure.details)
        return isGone ? 'gone' : String(error)
      }
    }
    let answered = 0
    const answers = load(ask, () => {
      answered += 1
      if (answered === 500) daemon.child.kill('SIGTERM')
    })
    expect([...(await answers).keys()]).toEqual(['ok'])
    expect(await daemon.exited).toBe(0)
    expect(daemon.log.filter(({ sid, reason }) => sid !== undefined && reason !== undefined)).toEqual([])
    client.close()
  })

  it('serves on for unreadyMs, over new connections, too, while it says that it is not ready', async () => {
    const { daemon, http } = await start({ aiges: { unreadyMs: UNREADY_MS } })
    const told = performance.now()
    daemon.child.kill('SIGTERM')
    const isReady = async () => (await fetch(`${http}/readyz`)).status
    await vi.waitFor(async () => expect(await isReady()).toBe(503))
    expect(performance.now() - told).toBeLessThan(1000)
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => postAse(`${http}/v1/svcName`, textRequest('hello'))),
    )
    expect(answers.map(({ body }) => body.header.code)).toEqual(answers.map(() => 0))
    expect(await daemon.exited).toBe(0)
    expect(performance.now() - told).toBeGreaterThan(UNREADY_MS)
  })
})
