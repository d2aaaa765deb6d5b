import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import { createHttpServer, type HttpServerOptions } from '../../../../src/protocols/shared/http-server.js'
import { requestContext } from '../../../../src/protocols/shared/request-context.js'

const servers: FastifyInstance[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map(server => server.close()))
})

function httpServer(options: Partial<HttpServerOptions> = {}): FastifyInstance {
  const log = pino({ level: 'silent' })
  const server = createHttpServer({ bodyLimitBytes: 1000, corsOrigins: [], log, ...options })
  servers.push(server)
  return server
}

async function dial(server: FastifyInstance) {
  await server.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  await once(socket, 'connect')
  return socket
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

describe('the HTTP server', () => {
  it('hands bodies on as they came, whatever they claim to be', async () => {
    const server = httpServer()
    server.post('/', request => ({ raw: Buffer.isBuffer(request.body), text: String(request.body) }))
    for (const type of ['application/json', 'text/plain', 'nonsense']) {
      const response = await server.inject({
        method: 'POST',
        url: '/',
        headers: { 'content-type': type },
        payload: '{"a": 1}',
      })
      expect(response.json()).toEqual({ raw: true, text: '{"a": 1}' })
    }
  })

  it.each([
    ['none', [], undefined],
    ['a listed one', ['http://a', 'http://b'], 'http://b'],
    ['all', ['*'], '*'],
    ['another', ['http://a'], undefined],
  ])('allows origins as configured: %s', async (_name, corsOrigins, expected) => {
    const server = httpServer({ corsOrigins })
    server.get('/', async () => 'ok')
    const response = await server.inject({ url: '/', headers: { origin: 'http://b' } })
    expect(response.headers['access-control-allow-origin']).toBe(expected)
  })

  it('lets pages of listed origins read what clients of its protocols need', async () => {
    const server = httpServer({ corsOrigins: ['http://b'] })
    server.get('/', async () => 'ok')
    const { headers } = await server.inject({ url: '/', headers: { origin: 'http://b' } })
    expect(headers['access-control-expose-headers']).toContain('inference-header-content-length')
  })

  it('answers the preflight of a listed origin', async () => {
    const server = httpServer({ corsOrigins: ['http://b'] })
    server.post('/v1/*', async () => 'ok')
    const headers = { origin: 'http://b', 'access-control-request-method': 'POST' }
    const response = await server.inject({ method: 'OPTIONS', url: '/v1/x', headers })
    expect(response.statusCode).toBe(204)
    expect(response.headers['access-control-allow-methods']).toContain('POST')
  })

  it('answers bytes that are no HTTP with a bare 400 and closes', async () => {
    const socket = await dial(httpServer())
    socket.end('nonsense\r\n\r\n')
    const [answer] = await once(socket, 'data')
    expect(String(answer)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n$/)
    await once(socket, 'close')
  })
})

describe('a request context', () => {
  it('has a sid of its own for every request, and the deadline that it was given', async () => {
    const server = httpServer()
    server.get('/', async (_request, reply) => {
      const { sid, protocol, deadline } = requestContext(reply, 'test', 5)
      return { sid, protocol, deadline }
    })
    const [first, second] = [(await server.inject('/')).json(), (await server.inject('/')).json()]
    expect(first).toEqual({ sid: expect.stringMatching(/^[0-9a-f-]{36}$/), protocol: 'test', deadline: 5 })
    expect(second.sid).not.toBe(first.sid)
  })

  it('is aborted when the client leaves before the answer', async () => {
    const server = httpServer()
    const started = new Promise<AbortSignal>(resolve => {
      server.get('/', (_request, reply) => resolve(requestContext(reply, 'test').signal))
    })
    const socket = await dial(server)
    socket.write(GET)
    const signal = await started
    expect(signal.aborted).toBe(false)
    const aborted = once(signal, 'abort')
    socket.destroy()
    await aborted
    expect(signal.reason).toMatchObject({ name: 'ServiceError', reason: 'cancelled' })
  })

  it('is aborted from the start when the client has left already', async () => {
    const server = httpServer()
    const late = new Promise<AbortSignal>(resolve => {
      server.get('/', (request, reply) => {
        request.raw.socket.once('close', () => resolve(requestContext(reply, 'test').signal))
        request.raw.socket.destroy()
      })
    })
    const socket = await dial(server)
    socket.write(GET)
    expect((await late).aborted).toBe(true)
  })

  it('leaves no listener behind on a connection that is kept alive, and is not aborted by an answer', async () => {
    const server = httpServer()
    const counts: number[] = []
    const signals: AbortSignal[] = []
    server.get('/', async (request, reply) => {
      signals.push(requestContext(reply, 'test').signal)
      counts.push(request.raw.socket.listenerCount('close'))
      return 'ok'
    })
    const socket = await dial(server)
    for (let turn = 0; turn < 20; turn++) {
      socket.write(GET)
      await once(socket, 'data')
    }
    expect(new Set(counts).size).toBe(1)
    expect(signals.every(signal => !signal.aborted)).toBe(true)
    socket.destroy()
  })
})
