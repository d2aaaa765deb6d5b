import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { Status } from '../../../../src/core/payload.js'
import type { DrivenSession } from '../shared/driven-session.js'
import { textOutput } from '../shared/fake-inference.js'
import { AseClient, listeningServer, textFrame } from './ase-client.js'
import { opened, served, upperCase } from './web-socket-fixture.js'

describe('time-outs', () => {
  it('no first frame in time is 10114', async () => {
    const { port } = await listeningServer(served(), { webSocket: { readTimeoutMs: 30 } })
    const client = await AseClient.connect(port)
    expect((await client.next()).header.code).toBe(10114)
    expect((await client.closed).code).toBe(1000)
  })

  it('no further frame in time is 10114, and the session ends', async () => {
    const { client, session } = await opened(served(), { webSocket: { readTimeoutMs: 300 } })
    expect((await client.next()).header.code).toBe(10114)
    expect((await session.aborted).reason).toBe('frame_timeout')
  })

  it('after the last frame only the age counts', async () => {
    const { client, session } = await opened(served(), { webSocket: { readTimeoutMs: 300, sessionTimeoutMs: 1000 } })
    const begin = performance.now()
    client.send({ header: { status: 2 } })
    expect((await client.next()).header.code).toBe(10114)
    expect(performance.now() - begin).toBeGreaterThan(400)
    expect((await session.aborted).reason).toBe('frame_timeout')
  })
})

describe('after the last result', () => {
  it('frames are ignored without an answer, even broken ones, and the server closes with 1000', async () => {
    const { client, session } = await opened(upperCase(), { webSocket: { lingerMs: 60 } })
    client.send({ header: { status: 2 }, payload: { txt: { text: 'YQ==' } } })
    expect((await client.next()).header.status).toBe(2)
    client.send('{oops')
    client.send(textFrame(0, 'again'))
    expect(await client.rest()).toEqual([])
    expect(await client.closed).toEqual({ code: 1000, reason: '' })
    expect(session.frames).toHaveLength(1)
  })

  it('a client that closes at once is not logged', async () => {
    const { client, server } = await opened(upperCase())
    client.send({ header: { status: 2 }, payload: { txt: { text: 'YQ==' } } })
    await client.next()
    client.socket.close(1000)
    await client.closed
    await server.close()
    expect(server.logged()).toEqual([])
  })
})

describe('a client that leaves', () => {
  it.each([
    ['with a close frame', (socket: WebSocket) => socket.close()],
    ['without one', (socket: WebSocket) => socket.terminate()],
  ])('%s ends the session at once', async (_name, leave) => {
    const { client, session, server } = await opened(served())
    const line = server.nextLine()
    leave(client.socket)
    expect((await session.aborted).reason).toBe('cancelled')
    await line
    expect(server.logged()).toMatchObject([{ level: 30, reason: 'cancelled' }])
  })

  it('while the session is being opened cancels that', async () => {
    const inference = served()
    const opening = new Promise<DrivenSession>(resolve => {
      inference.opened = async session => {
        resolve(session)
        throw await session.aborted
      }
    })
    const { port } = await listeningServer(inference)
    const client = await AseClient.connect(port)
    client.send({})
    const session = await opening
    client.socket.terminate()
    expect((await session.aborted).reason).toBe('cancelled')
  })

  it('silently is found out by pings, one that answers them stays', async () => {
    const webSocket = { pingIntervalMs: 150 }
    const { session } = await (async () => {
      const inference = served()
      const server = await listeningServer(inference, { webSocket })
      const dead = await AseClient.connect(server.port, '/v1/svcName', { autoPong: false })
      dead.send({})
      await dead.next()
      return { session: inference.sessions[0] as DrivenSession }
    })()
    expect((await session.aborted).reason).toBe('cancelled')
    const { client } = await opened(upperCase(), { webSocket })
    for (let n = 0; n < 3; n++) await once(client.socket, 'ping')
    client.send({ header: { status: 2 }, payload: { txt: { text: 'YQ==' } } })
    expect((await client.next()).header.status).toBe(2)
  })
})

describe('a client that reads slowly', () => {
  const MEGABYTE = textOutput('x'.repeat(1 << 20))

  it('holds back what is fetched from the session, and gets everything in the end', async () => {
    const { client, session, server } = await opened(served(), { webSocket: { lingerMs: 20 } })
    client.socket.pause()
    for (let n = 0; n < 40; n++) session.give(n === 39 ? Status.end : Status.continue, MEGABYTE)
    // A client with a connection of its own is served meanwhile, so time has passed.
    const other = await AseClient.connect(server.port)
    other.send({})
    await other.next()
    expect(session.fetched).toBeLessThan(30)
    client.socket.resume()
    const results = await client.rest()
    expect(results).toHaveLength(40)
    expect(results.at(-1)?.header.status).toBe(2)
  })

  it('past the time limit loses the session', async () => {
    const { client, session, server } = await opened(served(), { webSocket: { readerTimeoutMs: 60 } })
    client.socket.pause()
    for (let n = 0; n < 40; n++) session.give(Status.continue, MEGABYTE)
    expect((await session.aborted).reason).toBe('reader_too_slow')
    expect(session.fetched).toBeLessThan(30)
    client.socket.resume()
    const messages = await client.rest()
    expect(messages.at(-1)?.header.code).toBe(10114)
    expect(server.logged()).toMatchObject([{ reason: 'reader_too_slow' }])
  })
})

it('a thousand sessions that are dropped all end, and leave no connection behind', async () => {
  const inference = served()
  const { port, server } = await listeningServer(inference)
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 50 }, () => AseClient.connect(port)))
    await Promise.all(
      clients.map(async client => {
        client.send({})
        await client.next()
        client.socket.terminate()
      }),
    )
  }
  const reasons = await Promise.all(inference.sessions.map(async ({ aborted }) => (await aborted).reason))
  expect(reasons).toEqual(Array.from({ length: 1000 }, () => 'cancelled'))
  expect(server.websocketServer.clients.size).toBe(0)
})

describe('a server that closes', () => {
  it('ends sessions with an error and 1001', async () => {
    const { client, session, server } = await opened(served())
    const closing = server.close()
    expect((await client.next()).header.code).toBe(10115)
    expect((await client.closed).code).toBe(1001)
    expect((await session.aborted).reason).toBe('not_ready')
    await closing
  })

  it('lets an open session end within the grace period, and closes those at once that have none', async () => {
    const inference = upperCase()
    const { client, server } = await opened(inference, { webSocket: { drainTimeoutMs: 10_000 } })
    const idle = await AseClient.connect(server.port)
    const closing = server.close()
    expect((await idle.next()).header.code).toBe(10115)
    expect((await idle.closed).code).toBe(1001)
    client.send({ header: { status: 2 }, payload: { txt: { text: 'YQ==' } } })
    expect((await client.next()).header).toMatchObject({ code: 0, status: 2 })
    expect((await client.closed).code).toBe(1001)
    await closing
  })

  it('ends a session that outlasts the grace period', async () => {
    const { client, server } = await opened(served(), { webSocket: { drainTimeoutMs: 30 } })
    const closing = server.close()
    expect((await client.next()).header.code).toBe(10115)
    await closing
  })
})
