// Sessions over WebSocket, as ASE defines them.
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { CHUNK } from './chunk.mjs'

const ENCODED = CHUNK.toString('base64')
const parameter = { svcName: { result: { encoding: 'utf8', compress: 'raw', format: 'plain', data_type: 'text' } } }
const frameOf = (status, others = {}) =>
  JSON.stringify({
    header: { appid: '123456', status },
    ...others,
    payload: { txt: { encoding: 'utf8', status, text: ENCODED } },
  })
const FIRST = frameOf(0, { parameter })
const FURTHER = frameOf(1)
const LAST = frameOf(2)

/** Every session has a connection of its own. */
export async function connect({ http }) {
  return { openSession: listener => openSession(http, listener), close() {} }
}

/**
 * Connects; `send` sends the next frame. The listener hears `onResult` for each result and `onFailure` once.
 */
export async function openSession(http, { onResult, onFailure }) {
  const socket = new WebSocket(`${http.replace('http', 'ws')}/v1/svcName`, { perMessageDeflate: false })
  let frames = 0
  let acknowledged = false
  let ending = false
  let ended
  const end = new Promise(resolve => {
    ended = resolve
  })
  socket.on('message', data => {
    const text = data.latin1Slice()
    const header = JSON.parse(text.slice(text.indexOf(':') + 1, text.indexOf('}') + 1))
    if (header.code !== 0) onFailure(new Error(text))
    else if (!acknowledged) acknowledged = true
    else {
      if (text.includes(ENCODED)) onResult()
      else if (header.status !== 2) onFailure(new Error(`not an echo: ${text}`))
      if (header.status === 2) {
        ended()
        socket.close()
      }
    }
  })
  await once(socket, 'open')
  socket.on('error', onFailure)
  socket.on('close', (code, reason) => {
    if (!ending) onFailure(new Error(`closed with ${code} ${reason}`))
  })
  return {
    send() {
      socket.send(frames === 0 ? FIRST : FURTHER)
      frames += 1
    },
    /** Sends the last frame, which has a result as well; resolves after the last result. */
    async finish() {
      ending = true
      socket.send(LAST)
      await end
    },
  }
}
