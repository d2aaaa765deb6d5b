import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { pino } from 'pino'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { drainable } from '../../../../src/protocols/shared/http-drain.js'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import { deferred } from '../../rpc/deferred.js'

const GRACE_MS = 20_000

/** A server with a route that answers at once and one that answers when `answer` is called. */
async function serve() {
  const server = createHttpServer({ bodyLimitBytes: 1000, corsOrigins: [], log: pino({ level: 'silent' }) })
  const { promise: held, resolve: answer } = deferred<string>()
  const { promise: begun, resolve: begin } = deferred<void>()
  server.get('/', async () => 'now')
  server.get('/later', () => {
    begin()
    return held
  })
  const close = drainable(server)
  await server.listen({ host: '127.0.0.1', port: 0 })
  const { port } = server.server.address() as AddressInfo
  onTestFinished(() => close(0))
  return { server, port, close, begun, answer: () => answer('at last') }
}

/** A connection that is read by its text. */
async function dial(port: number) {
  const socket = connect(port, '127.0.0.1')
  let text = ''
  socket.on('data', data => {
    text += data
  })
  await once(socket, 'connect')
  return { socket, text: () => text, closed: once(socket, 'close') }
}

const get = (socket: Socket, path = '/') => socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)

describe('a server that is drained', () => {
  it('answers what comes over a connection that was idle, and closes it with the answer', async () => {
    const { port, close } = await serve()
    const client = await dial(port)
    get(client.socket)
    await vi.waitFor(() => expect(client.text()).toMatch(/now$/))
    const closing = close(GRACE_MS)
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    get(client.socket)
    await client.closed
    expect(client.text().match(/HTTP\/1.1 200/g)).toHaveLength(2)
    expect(client.text()).toMatch(/connection: close/i)
    await closing
  })

  it('answers what came while the event loop was held up', async () => {
    const { port, close } = await serve()
    const client = await dial(port)
    get(client.socket)
    await vi.waitFor(() => expect(client.text()).toMatch(/now$/))
    const closing = close(GRACE_MS)
    await expect(dial(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    get(client.socket)
    const until = performance.now() + 1000
    while (performance.now() < until);
    await client.closed
    expect(client.text().match(/HTTP\/1.1 200/g)).toHaveLength(2)
    await closing
  })

  it('answers a request that was begun before, and closes its connection with the answer', async () => {
    const { port, close, begun, answer } = await serve()
    const client = await dial(port)
    get(client.socket, '/later')
    await begun
    const closing = close(GRACE_MS)
    answer()
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1.1 200.*connection: close.*at last$/is)
    await closing
  })

  it('closes connections over which nothing comes, also those that never had a request', async () => {
    const { port, close } = await serve()
    const clients = [await dial(port), await dial(port)]
    get((clients[0] as { socket: Socket }).socket)
    await vi.waitFor(() => expect(clients[0]?.text()).toMatch(/now$/))
    await close(GRACE_MS)
    await Promise.all(clients.map(({ closed }) => closed))
  })

  it('leaves a connection alone that is no longer one of HTTP', async () => {
    const { server, port, close } = await serve()
    server.server.on('upgrade', (_request, socket) => {
      socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
      socket.pipe(socket)
    })
    const [upgraded, idle] = [await dial(port), await dial(port)]
    upgraded.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n')
    await vi.waitFor(() => expect(upgraded.text()).toContain('101'))
    const closing = close(GRACE_MS)
    await idle.closed
    upgraded.socket.write('still here')
    await vi.waitFor(() => expect(upgraded.text()).toContain('still here'))
    upgraded.socket.end()
    await closing
  })

  it('cuts off what has not ended in time', async () => {
    const { port, close, begun } = await serve()
    const client = await dial(port)
    get(client.socket, '/later')
    await begun
    await close(20)
    await client.closed
    expect(client.text()).toBe('')
  })

  it('loses no request of clients that send over kept connections all the time', async () => {
    const { port, close } = await serve()
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    onTestFinished(() => agent.destroy())
    let answered = 0
    let going = true
    const ask = () =>
      new Promise<string>(resolve => {
        const asked = request({ agent, port, path: '/' }, response => {
          response.resume().on('end', () => resolve(`${response.statusCode}`))
        })
        asked.on('error', (error: NodeJS.ErrnoException) => resolve(`${error.code}`))
        asked.end()
      })
    const lost: string[] = []
    const client = async () => {
      while (going) {
        const outcome = await ask()
        // Only that means that a new connection was wanted.
        if (outcome === 'ECONNREFUSED') return
        if (outcome === '200') answered += 1
        else lost.push(outcome)
      }
    }
    const clients = Array.from({ length: 16 }, client)
    await vi.waitFor(() => expect(answered).toBeGreaterThan(500), 10_000)
    await close(GRACE_MS)
    going = false
    await Promise.all(clients)
    expect(lost).toEqual([])
  })
})
