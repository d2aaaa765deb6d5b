import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { Addresses } from '../../helpers/scenario-front-end.js'
import { openRawWebSocket, type RawWebSocket, UpgradeRefused } from '../../helpers/scenario-web-socket.js'
import type { Ending } from '../account.js'
import type { Random } from '../random.js'
import type { Fuzzer } from './fuzzer.js'
import { mutateBytes, mutateJsonText } from './mutate.js'

const frame = (status: number) => ({
  header: { status },
  parameter: { svcName: { result: { encoding: 'utf8', data_type: 'text' } } },
  payload: { txt: { status, seq: '1', text: Buffer.from('hello').toString('base64') } },
})

/** A masked frame of a client with a short text, whose every byte may be changed. */
const RAW_FRAME = Buffer.from(`818500000000${Buffer.from('hello').toString('hex')}`, 'hex')

/** Sessions whose frames are strange JSON, no JSON, binary, or no frames of WebSocket at all. */
export const fuzzWebSocket: Fuzzer = {
  name: 'malformed-websocket',
  prepare: async (at, random) => ({ send: () => session(at, random), close: () => {} }),
}

/** The strange frames, then a good last one; the daemon must answer, refuse or close. */
async function session({ http }: Addresses, random: Random): Promise<Ending> {
  const path = random.below(20) === 0 ? `/v1/${encodeURIComponent(random.bytes(8).toString('latin1'))}` : '/v1/svcName'
  let client: RawWebSocket
  try {
    client = await openRawWebSocket(http, path)
  } catch (error) {
    if (error instanceof UpgradeRefused) return { kind: 'error', reason: `HTTP ${error.status}` }
    throw error
  }
  const { socket, next, closed } = client
  // The close says it all.
  socket.on('error', () => {})
  try {
    for (let frames = 1 + random.below(3); frames > 0; frames -= 1) sendStrange(socket, random)
    socket.send(JSON.stringify(frame(2)), () => {})
    for (;;) {
      const message = await next().catch(() => undefined)
      if (message === undefined) return { kind: 'error', reason: `closed with ${(await closed).code}` }
      const { header } = JSON.parse(message) as { header: { code: number; status?: number } }
      if (header.code !== 0) return { kind: 'error', reason: `ASE ${header.code}` }
      if (header.status === 2) return { kind: 'correct' }
    }
  } finally {
    socket.terminate()
  }
}

function sendStrange(socket: WebSocket, random: Random): void {
  const text = mutateJsonText(random, frame(random.pick([0, 1, 2])))
  const kind = random.below(8)
  if (kind === 0) socket.send(random.bytes(random.below(2000)), () => {})
  else if (kind === 1) socket.send(mutateBytes(random, text), { binary: true }, () => {})
  // Past the library, which would not send such a frame.
  else if (kind === 2) connectionOf(socket).write(mutateBytes(random, RAW_FRAME))
  else socket.send(text, { binary: false }, () => {})
}

function connectionOf(socket: WebSocket): Socket {
  return (socket as unknown as { readonly _socket: Socket })._socket
}
