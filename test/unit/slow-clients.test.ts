import { type EventEmitter, once } from 'node:events'
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2, constants } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import { status } from '@grpc/grpc-js'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Status } from '../../src/core/payload.js'
import { addAigesV1Service } from '../../src/protocols/aiges-v1/service.js'
import { createHttpServer, type HttpServerOptions } from '../../src/protocols/shared/http-server.js'
import { createRpcGateway, type RpcGatewayOptions } from '../../src/rpc/gateway.js'
import { execAigesV1 } from '../helpers/clients.js'
import { modelInfoOf } from '../helpers/model-info.js'
import { loadText } from './config/config-file.js'
import { FakeInference, resultOf, textOutput } from './protocols/shared/fake-inference.js'
import { startFrontEnds } from './running-front-ends.js'

const LARGE = 'x'.repeat(24 << 20)

/** An HTTP server with `/small` and `/large` for GET and POST. */
async function serveHttp(options: Partial<HttpServerOptions> = {}) {
  const lines: string[] = []
  const log = pino({ base: null }, { write: line => void lines.push(JSON.parse(line).msg) })
  const server = createHttpServer({ bodyLimitBytes: 1 << 20, corsOrigins: [], log, ...options })
  let answered = 0
  server.all('/small', async () => 'ok')
  server.all('/large', async () => {
    answered++
    return LARGE
  })
  await server.listen({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => server.close())
  const { port } = server.server.address() as { port: number }
  const others = async () => (await fetch(`http://127.0.0.1:${port}/small`)).status
  const connections = promisify(server.server.getConnections.bind(server.server))
  return { port, others, connections, lines, answered: () => answered }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** Resolves when a connection or a stream has ended, whether or not with an error. */
const closeOf = (ending: EventEmitter) => new Promise<void>(resolve => ending.once('close', resolve))

/** Sends a piece every few ms until the other side closes. */
function trickle(socket: Socket, piece: string | Buffer): void {
  const timer = setInterval(() => socket.writable && socket.write(piece), 5)
  socket.once('close', () => clearInterval(timer))
}

/** Sends a piece without end, as fast as the other side takes it. */
function flood(socket: Socket, piece: Buffer): void {
  const pieces = Buffer.concat(Array.from({ length: 1000 }, () => piece))
  const send = () => {
    while (socket.writable && socket.write(pieces));
  }
  socket.on('drain', send)
  send()
}

describe('over HTTP a client', () => {
  it('whose body trickles in is cut off with 408, and others are served meanwhile', async () => {
    const { port, others } = await serveHttp({ headersTimeoutMs: 1500, requestTimeoutMs: 2000 })
    const socket = await connected(port)
    const answer = text(socket)
    socket.write('POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
    trickle(socket, 'x')
    expect(await others()).toBe(200)
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('whose chunks trickle in is cut off, too', async () => {
    const { port } = await serveHttp({ headersTimeoutMs: 1500, requestTimeoutMs: 2000 })
    const socket = await connected(port)
    const answer = text(socket)
    socket.write('POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    trickle(socket, '1\r\nx\r\n')
    expect(await answer).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('that reads nothing of its answer is cut off, and one that reads slowly is not', async () => {
    const { port, connections } = await serveHttp({ readerTimeoutMs: 500 })
    const [deaf, slow] = [await connected(port), await connected(port)]
    for (const socket of [deaf, slow])
      socket.pause().write('GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    let read = 0
    // Some megabytes a second: it is far from done when the other one is cut off.
    const timer = setInterval(() => {
      read += slow.read()?.length ?? 0
    }, 10)
    onTestFinished(() => clearInterval(timer))
    await vi.waitFor(async () => expect(await connections()).toBe(1), { timeout: 10_000 })
    clearInterval(timer)
    expect(read).toBeLessThan(LARGE.length)
    const rest = (socket: Socket) => text(socket).then(({ length }) => length)
    expect(await rest(deaf)).toBeLessThan(LARGE.length)
    expect(read + (await rest(slow))).toBeGreaterThan(LARGE.length)
  })

  it('that sends requests ahead and reads no answer does not have them all answered', async () => {
    const { port, others, answered, lines } = await serveHttp()
    const socket = await connected(port)
    socket.pause().write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(500))
    const closed = closeOf(socket)
    await vi.waitFor(() => expect(answered()).toBeGreaterThan(0), 10_000)
    socket.resume()
    await closed
    expect(answered()).toBeLessThanOrEqual(34)
    expect(lines).toEqual(['a connection was closed that sent too many requests ahead'])
    expect(await others()).toBe(200)
  })

  it('that sends a few requests ahead and reads has them answered in order', async () => {
    const { port } = await serveHttp()
    const socket = await connected(port)
    socket.write('GET /small HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(30))
    socket.write('GET /small HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    expect((await text(socket)).match(/HTTP\/1\.1 200 /g)).toHaveLength(31)
  })
})

describe('over a WebSocket a client', () => {
  /** A frame with this opcode and no mask to speak of. */
  const masked = (opcode: number, content: Buffer) => {
    return Buffer.concat([Buffer.from([opcode, 0x80 | content.length, 0, 0, 0, 0]), content])
  }

  async function serve() {
    const { config } = loadText(
      '[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"\n[http]\nbodyLimitMiB = 1',
    )
    const abilities = { once: true, streamingOutput: true, sessions: true, chat: false, resources: false }
    const inference = new FakeInference([modelInfoOf('svcName', { abilities })])
    const { http } = await startFrontEnds({ config, inference })
    const socket = await connected(Number(new URL(http).port))
    const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n'
    socket.write(`GET /v1/svcName HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${key}\r\n`)
    await once(socket, 'readable')
    const others = async () => (await fetch(`${http}/livez`)).status
    return { socket, inference, others }
  }

  it('that pings without end, and reads no answer, is cut off', async () => {
    const { socket, others } = await serve()
    const closed = closeOf(socket)
    flood(socket, masked(0x89, Buffer.alloc(125)))
    expect(await others()).toBe(200)
    await closed
  })

  it.each([
    ['never ends a message', Buffer.alloc(125), 1009],
    ['cuts a message into as many pieces as it can', Buffer.alloc(1), 1008],
    ['sends pieces of nothing', Buffer.alloc(0), 1008],
  ])('that %s is told to go', async (_what, piece, code) => {
    const { socket, inference, others } = await serve()
    const said: Buffer[] = []
    socket.read()
    socket.on('data', data => said.push(data))
    socket.write(masked(0x01, Buffer.from('{')))
    flood(socket, masked(0x00, piece))
    expect(await others()).toBe(200)
    await vi.waitFor(() => expect(closeCodeOf(Buffer.concat(said))).toBe(code), 10_000)
    expect(inference.sessions).toEqual([])
  })
})

/** The code in the close frame with which a WebSocket's bytes end, if there is one; those before it are texts. */
function closeCodeOf(bytes: Buffer): number | undefined {
  for (let at = 0; at + 4 <= bytes.length; ) {
    const short = bytes.readUInt8(at + 1)
    if (bytes.readUInt8(at) === 0x88) return bytes.readUInt16BE(at + 2)
    at += short === 126 ? 4 + bytes.readUInt16BE(at + 2) : 2 + short
  }
  return undefined
}

/** A gRPC server with aiges.v1, impatient where a test says so. */
async function serveGrpc(options: Partial<RpcGatewayOptions> = {}) {
  const abilities = { once: true, streamingOutput: true, sessions: true, chat: false, resources: false }
  const inference = new FakeInference([modelInfoOf('svcName', { abilities })])
  const log = pino({ level: 'silent' })
  const gateway = createRpcGateway({
    ...{ host: '127.0.0.1', port: 0, maxMessageBytes: 64 << 20, portKey: 'port' },
    ...{ inference, onReadinessChange: () => () => {} },
    ...options,
  })
  addAigesV1Service(gateway, { inference, log })
  const { port } = await gateway.start()
  onTestFinished(() => gateway.stop(0))
  const others = async () => {
    const data = [{ data_id: 'txt', status: 'END' as const, data: Buffer.from('x') }]
    return (await execAigesV1(`127.0.0.1:${port}`, { model: 'svcName', data })).data.length
  }
  return { port, others, inference }
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

function frame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const SETTINGS = frame(4, 0, 0)
/** HEADERS of `:method: GET` without an end of the headers. */
const OPEN_HEADERS = frame(1, 0, 1, Buffer.from([0x82]))

async function connectedHttp2(port: number, options = {}): Promise<ClientHttp2Session> {
  const session = connectHttp2(`http://127.0.0.1:${port}`, options)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  await once(session, 'remoteSettings')
  return session
}

function openCall(session: ClientHttp2Session, method = 'Exec', metadata = {}): ClientHttp2Stream {
  const path = `/aiges.v1.Inference/${method}`
  const call = session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...metadata,
  })
  call.on('error', () => {})
  return call
}

/** An InferenceInput with one piece of data, as a gRPC message. */
const MESSAGE = Buffer.from([0, 0, 0, 0, 5, 0x2a, 3, 0x0a, 1, 0x61])

describe('over gRPC a client', () => {
  it.each<[string, readonly Buffer[]]>([
    ['sends no preface', []],
    ['sends nothing but its preface', [PREFACE]],
    ['begins headers and does not end them', [PREFACE, SETTINGS, OPEN_HEADERS]],
  ])('that %s is cut off, and others are served meanwhile', async (_what, pieces) => {
    const { port, others } = await serveGrpc({ keepaliveMs: 500 })
    const socket = await connected(port)
    socket.resume()
    for (const piece of pieces) socket.write(piece)
    const closed = closeOf(socket)
    expect(await others()).toBe(1)
    await closed
  })

  it.each([
    ['pings', frame(6, 0, 0, Buffer.alloc(8))],
    ['settings', SETTINGS],
    ['headers that never end', frame(9, 0, 1, Buffer.alloc(1000))],
  ])('that floods it with %s, and reads no answer, is cut off', async (what, piece) => {
    const { port, others } = await serveGrpc()
    const socket = await connected(port)
    socket.write(Buffer.concat([PREFACE, SETTINGS]))
    if (what.startsWith('headers')) socket.write(OPEN_HEADERS)
    const closed = closeOf(socket)
    flood(socket, piece)
    await closed
    expect(await others()).toBe(1)
  })

  it('that opens calls and takes them back without end is cut off', async () => {
    const { port, others, inference } = await serveGrpc()
    const session = await connectedHttp2(port)
    const closed = closeOf(session)
    const timer = setInterval(() => {
      if (session.closed || session.destroyed) clearInterval(timer)
      else for (let count = 0; count < 500; count++) openCall(session).close(constants.NGHTTP2_CANCEL)
    }, 1)
    await closed
    expect(inference.requests).toEqual([])
    expect(await others()).toBe(1)
  })

  it('has a thousand calls at the same time and no more', async () => {
    const { port, others, inference } = await serveGrpc()
    inference.answer = () => new Promise(() => {})
    const session = await connectedHttp2(port)
    expect(session.remoteSettings.maxConcurrentStreams).toBe(1000)
    for (let count = 0; count < 1500; count++) openCall(session).end(MESSAGE)
    await vi.waitFor(() => expect(inference.requests.length).toBeGreaterThanOrEqual(1000), 10_000)
    inference.answer = () => resultOf(textOutput('ok'))
    expect(await others()).toBe(1)
    expect(inference.requests).toHaveLength(1001)
  })

  it('whose message inflates to more than a message may have is refused', async () => {
    const { port, others, inference } = await serveGrpc({ maxMessageBytes: 1 << 20 })
    const session = await connectedHttp2(port)
    const bomb = gzipSync(Buffer.alloc(64 << 20))
    const call = openCall(session, 'Exec', { 'grpc-encoding': 'gzip' })
    const head = Buffer.from([1, 0, 0, 0, 0])
    head.writeUInt32BE(bomb.length, 1)
    call.end(Buffer.concat([head, bomb]))
    const [headers] = await once(call, 'response')
    expect(Number(headers['grpc-status'])).toBe(status.RESOURCE_EXHAUSTED)
    expect(inference.requests).toEqual([])
    expect(await others()).toBe(1)
  })

  it('that sends more metadata than anybody needs is refused', async () => {
    const { port, others, inference } = await serveGrpc()
    const session = await connectedHttp2(port, { maxSendHeaderBlockLength: 1 << 20 })
    const metadata = Array.from({ length: 100 }, (_, index) => [`x-${index}`, 'x'.repeat(2000)] as const)
    const call = openCall(session, 'Exec', Object.fromEntries(metadata))
    call.end(MESSAGE)
    await closeOf(call)
    expect(inference.requests).toEqual([])
    expect(await others()).toBe(1)
  })

  it('whose request trickles in is cancelled', async () => {
    const { port, others } = await serveGrpc({ requestTimeoutMs: 1000 })
    const session = await connectedHttp2(port)
    const [silent, slow] = [openCall(session), openCall(session)]
    slow.write(Buffer.from([0, 0, 0x10, 0, 0]))
    const timer = setInterval(() => slow.writable && slow.write('x'), 5)
    onTestFinished(() => clearInterval(timer))
    expect(await others()).toBe(1)
    for (const call of [silent, slow]) {
      if (!call.closed) await closeOf(call)
      expect(call.rstCode).toBe(constants.NGHTTP2_CANCEL)
    }
    expect(session.closed).toBe(false)
  })

  it.each(['Exec', 'ExecStream', 'Stream'])('that reads nothing of what %s answers is cancelled', async method => {
    const { port, others, inference } = await serveGrpc({ readerTimeoutMs: 500 })
    const large = resultOf(textOutput('x'.repeat(1 << 20)))
    inference.answer = () => large
    inference.results = async function* () {
      for (;;) yield large
    }
    inference.opened = session => session.give(Status.continue, ...large.payloads)
    // As long as nothing is read, nobody makes its window larger.
    const session = await connectedHttp2(port, { settings: { initialWindowSize: 1000 } })
    const call = openCall(session, method)
    call.pause().end(MESSAGE)
    await closeOf(call)
    expect(call.rstCode).toBe(constants.NGHTTP2_CANCEL)
    expect(session.closed).toBe(false)
    expect(await others()).toBe(1)
  })
})
