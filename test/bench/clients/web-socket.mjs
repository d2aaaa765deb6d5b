// Sessions over WebSocket, as ASE defines them. The socket is a bare one and its frames are made beforehand: a library
// would need as much of the machine as the daemon that is measured.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectSocket } from 'node:net'
import { CHUNK } from './chunk.mjs'
import { createSplitter } from './splitter.mjs'

const ENCODED = CHUNK.toString('base64')
const parameter = { svcName: { result: { encoding: 'utf8', compress: 'raw', format: 'plain', data_type: 'text' } } }
const TEXT = 1
const CLOSE = 8
const PING = 9
const PONG = 10

/** A whole message of at least 126 bytes, or a control frame. Its mask of zeros changes nothing. */
function messageOf(opcode, content) {
  const { length } = content
  const size = length < 126 ? [0x80 | length] : [0x80 | 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([0x80 | opcode, ...size, 0, 0, 0, 0]), content])
}

function frameOf(status, others = {}) {
  const header = { appid: '123456', status }
  const payload = { txt: { encoding: 'utf8', status, text: ENCODED } }
  return messageOf(TEXT, Buffer.from(JSON.stringify({ header, ...others, payload })))
}

const FIRST = frameOf(0, { parameter })
const FURTHER = frameOf(1)
const LAST = frameOf(2)

/** Where the content of a message of a server is, which is not masked and here never longer than 64 KiB. */
function head(buffer, offset) {
  const size = buffer[offset + 1]
  if (size === undefined) return undefined
  if (size < 126) return { begin: offset + 2, end: offset + 2 + size }
  if (buffer.length < offset + 4) return undefined
  return { begin: offset + 4, end: offset + 4 + buffer.readUInt16BE(offset + 2) }
}

/** Every session has a connection of its own. */
export async function connect({ http }) {
  return { openSession: listener => openSession(http, listener), close() {} }
}

/**
 * Connects; `send` sends the next frame. The listener hears `onResult` for each result and `onFailure` once.
 */
export async function openSession(http, { onResult, onFailure }) {
  const socket = await upgraded(new URL('/v1/svcName', http))
  let frames = 0
  let acknowledged = false
  let ending = false
  let ended
  const end = new Promise(resolve => {
    ended = resolve
  })
  const takeText = text => {
    const header = JSON.parse(text.slice(text.indexOf(':') + 1, text.indexOf('}') + 1))
    if (header.code !== 0) onFailure(new Error(text))
    else if (!acknowledged) acknowledged = true
    else {
      if (text.includes(ENCODED)) onResult()
      else if (header.status !== 2) onFailure(new Error(`not an echo: ${text}`))
      if (header.status === 2) {
        ended()
        socket.end(messageOf(CLOSE, Buffer.from([0x03, 0xe8])))
      }
    }
  }
  const split = createSplitter(head, (buffer, offset, { begin, end: until }) => {
    const opcode = buffer[offset] & 0x0f
    if (opcode === TEXT) takeText(buffer.latin1Slice(begin, until))
    else if (opcode === PING) socket.write(messageOf(PONG, buffer.subarray(begin, until)))
    else if (opcode === CLOSE && !ending) onFailure(new Error(`closed: ${buffer.subarray(begin, until)}`))
  })
  socket.on('data', bytes => {
    socket.cork()
    split(bytes)
    socket.uncork()
  })
  socket.on('error', onFailure)
  socket.on('close', () => {
    if (!ending) onFailure(new Error('the connection was closed'))
  })
  return {
    send() {
      socket.write(frames === 0 ? FIRST : FURTHER)
      frames += 1
    },
    /** Sends the last frame, which has a result as well; resolves after the last result. */
    async finish() {
      ending = true
      socket.write(LAST)
      await end
    },
  }
}

async function upgraded({ hostname, port, host, pathname }) {
  const socket = connectSocket({ host: hostname, port: Number(port), noDelay: true })
  const key = randomBytes(16).toString('base64')
  socket.write(
    `GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  )
  const [answer] = await once(socket, 'data')
  const end = answer.indexOf('\r\n\r\n') + 4
  if (!answer.toString('latin1', 0, end).startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket: ${answer}`)
  if (end < answer.length) socket.unshift(answer.subarray(end))
  return socket
}
