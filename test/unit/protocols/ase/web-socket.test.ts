import { once } from 'node:events'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import type { WebSocket } from 'ws'
import { ServiceError } from '../../../../src/core/error.js'
import { Status } from '../../../../src/core/payload.js'
import { goldenFile } from '../../../helpers/golden.js'
import type { DrivenSession } from '../shared/driven-session.js'
import { FakeInference, mnistSchema, modelInfo, textOutput } from '../shared/fake-inference.js'
import { AseClient, type AseMessage, listeningServer, textFrame } from './ase-client.js'

const SID = /^ase[0-9a-f]{8}@local[0-9a-f]{11}0000502$/

/** An inference whose sessions answer each frame as the recorded plugin did: its text in upper case. */
function upperCase(): FakeInference {
  const inference = new FakeInference([modelInfo('svcName')])
  inference.opened = session => {
    const attributes = { ...session.request.accepts[0]?.attributes }
    let begun = false
    session.onFrame = ({ payloads, last }) => {
      for (const { data } of payloads) {
        const status = last ? Status.end : begun ? Status.continue : Status.begin
        session.give(status, textOutput(Buffer.from(data).toString().toUpperCase(), attributes))
      }
      begun = true
    }
  }
  return inference
}

/** Opens a session; answers its client, its other side and its server. */
async function opened(inference: FakeInference, options: Parameters<typeof listeningServer>[1] = {}) {
  const server = await listeningServer(inference, options)
  const client = await AseClient.connect(server.port)
  client.send({ header: { status: 0 } })
  const { header } = await client.next()
  expect(header).toEqual({ code: 0, message: 'success', sid: expect.stringMatching(SID), status: 0 })
  return { server, client, session: inference.sessions[0] as DrivenSession, sid: header.sid }
}

const served = () => new FakeInference([modelInfo('svcName')])

interface Conversation {
  readonly name: string
  readonly sent: readonly { readonly text: unknown }[]
  readonly received: readonly { readonly json: AseMessage }[]
  readonly closed: { readonly code: number; readonly reason: string } | null
}
const conversations: Conversation[] = JSON.parse(goldenFile('ase-websocket.json').toString())

/** Sids differ from run to run, and the texts of errors may. */
function comparable({ header, payload }: AseMessage) {
  const { code, status } = header
  return { header: code === 0 ? { ...header, sid: '' } : { code, status }, ...(payload && { payload }) }
}

describe('the recorded conversations', () => {
  it('are all there', () => {
    expect(conversations).toHaveLength(5)
  })

  it.each(conversations.map(recorded => [recorded.name, recorded] as const))('%s', async (_name, recorded) => {
    const inference = upperCase()
    const { port } = await listeningServer(inference, { webSocket: { lingerMs: 50 } })
    const client = await AseClient.connect(port)
    for (const { text } of recorded.sent) client.send(text)
    const received: AseMessage[] = []
    for (const _message of recorded.received) received.push(await client.next())
    expect(received.map(comparable)).toEqual(recorded.received.map(({ json }) => comparable(json)))
    for (const { header } of received) expect(header.sid).toMatch(SID)
    expect(new Set(received.map(({ header }) => header.sid)).size).toBe(1)
    if (recorded.closed?.code === 1000) {
      const reason = received[0]?.header.message
      expect(await client.closed).toEqual({ code: 1000, reason })
    } else if (received.at(-1)?.header.status === 2) {
      expect(await client.rest()).toEqual([])
      expect((await client.closed).code).toBe(1000)
    } else client.socket.close()
  })
})

describe('a session', () => {
  it('reaches the model as the client meant it', async () => {
    const inference = served()
    const { port } = await listeningServer(inference, {
      headerPass: ['uid'],
      webSocket: { readTimeoutMs: 7000, sessionTimeoutMs: 9000 },
    })
    const client = await AseClient.connect(port)
    client.send(textFrame(0, 'a', { uid: 'u' }))
    const { header } = await client.next()
    const [session] = inference.sessions
    expect(session?.request).toEqual({
      model: 'svcName',
      parameters: { uid: 'u', sid: header.sid },
      accepts: [{ name: 'result', type: 'text', attributes: { encoding: 'utf8', compress: 'raw', format: 'plain' } }],
      idleTimeoutMs: 7000,
      maxAgeMs: 9000,
    })
    expect(session?.ctx).toMatchObject({ sid: header.sid, protocol: 'ase-websocket' })
    expect(session?.frames).toEqual([
      {
        payloads: [
          {
            key: 'txt',
            type: 'text',
            status: 0,
            attributes: { encoding: 'utf8', status: '0' },
            data: Buffer.from('a'),
          },
        ],
        last: false,
      },
    ])
  })

  it('pushes results while frames are still coming', async () => {
    const { client } = await opened(upperCase())
    client.send({ header: { status: 1 }, payload: { txt: { text: 'YQ==' } } })
    expect((await client.next()).payload?.['result']).toMatchObject({ text: 'QQ==', seq: '1' })
    client.send({ payload: { txt: { text: 'Yg==' } } })
    expect((await client.next()).payload?.['result']).toMatchObject({ text: 'Qg==', seq: '2' })
  })

  it.each([
    ['of the header', { header: { status: 2 }, payload: { txt: { status: 1, text: 'Yg==' } } }],
    ['of the payloads, when the header has none', { payload: { txt: { status: 2, text: 'Yg==' } } }],
    ['3, which stands for a single frame', { header: { status: 3 }, payload: { txt: { text: 'Yg==' } } }],
    ['2 without data', { header: { status: 2 } }],
    ['2 as a string', { header: { status: '2' } }],
  ])('takes a frame for the last one by its status: %s', async (_name, frame) => {
    const { client, session } = await opened(served())
    const written = new Promise(resolve => {
      session.onFrame = resolve
    })
    client.send(frame)
    expect(await written).toMatchObject({ last: true })
  })

  it('of one frame is begun and ended by it', async () => {
    const { port } = await listeningServer(upperCase(), { webSocket: { lingerMs: 20 } })
    const client = await AseClient.connect(port)
    client.send(textFrame(2, 'a'))
    expect((await client.rest()).map(({ header }) => header.status)).toEqual([0, 2])
  })

  it('gives a payload without a status that of its frame', async () => {
    const { client, session } = await opened(served())
    const written = new Promise(resolve => {
      session.onFrame = resolve
    })
    client.send({ header: { status: 1 }, payload: { txt: { text: 'YQ==' } } })
    expect(await written).toMatchObject({ payloads: [{ status: 1 }], last: false })
  })

  it('sends texts that were asked for as JSON, and are JSON, as the wrapper wrote them', async () => {
    const inference = served()
    const { port } = await listeningServer(inference)
    const client = await AseClient.connect(port)
    client.send({ parameter: { svcName: { result: { format: 'json', data_type: 'text' } } } })
    await client.next()
    const raw = once(client.socket, 'message')
    inference.sessions[0]?.give(Status.begin, textOutput('{"n": 12345678901234567890}', { format: 'json' }))
    expect(String((await raw)[0])).toContain('"text":{"n": 12345678901234567890}')
    expect((await client.next()).payload?.['result']).toMatchObject({ format: 'json', seq: '1', status: 0 })
    inference.sessions[0]?.give(Status.continue, textOutput('{no json', { format: 'json' }))
    expect((await client.next()).payload?.['result']?.['text']).toBe(Buffer.from('{no json').toString('base64'))
  })

  it('may name its sid in later frames', async () => {
    const { client, sid } = await opened(upperCase())
    client.send({ header: { sid, status: 2 }, payload: { txt: { text: 'YQ==' } } })
    expect((await client.next()).header).toMatchObject({ code: 0, status: 2 })
  })

  it('is taken at the routes of the schema, those outside /v1 too, and when they become known later', async () => {
    const inference = served()
    const { port } = await listeningServer(inference)
    const routes = ['/v1/private/mnist', '/elsewhere']
    inference.served = [modelInfo('svcName', mnistSchema({ routes, request: {} }))]
    for (const path of [...routes, '/v1/%73vcName?x=1']) {
      const client = await AseClient.connect(port, path)
      client.send({ header: { status: 0 } })
      expect((await client.next()).header.code).toBe(0)
    }
    expect(inference.sessions.map(({ request }) => request.model)).toEqual(['svcName', 'svcName', 'svcName'])
  })

  it('hands over and gives plain texts under normalizeText', async () => {
    const inference = upperCase()
    const { port } = await listeningServer(inference, { normalizeText: true })
    const client = await AseClient.connect(port)
    client.send({
      parameter: { svcName: { result: { compress: 'gzip', data_type: 'text' } } },
      payload: { txt: { compress: 'gzip', text: gzipSync('abc').toString('base64') } },
    })
    expect((await client.next()).header.code).toBe(0)
    const { payload } = await client.next()
    expect(payload?.['result']?.['text']).toBe(gzipSync('ABC').toString('base64'))
  })

  it('takes frames one after the other, however long the wrapper takes', async () => {
    const { client, session } = await opened(served())
    let open = () => {}
    const gate = new Promise<void>(resolve => {
      open = resolve
    })
    const seen: string[] = []
    const all = new Promise<void>(resolve => {
      session.onFrame = async ({ payloads: [payload], last }) => {
        await gate
        seen.push(`${session.frames.length}: ${payload?.data.length}`)
        if (last) resolve()
      }
    })
    const frame = (status: number, bytes: number) => ({
      header: { status },
      payload: { a: { audio: Buffer.alloc(bytes).toString('base64') } },
    })
    // More than may wait, so that reading stops and goes on again.
    for (let n = 1; n <= 60; n++) client.send(frame(1, 30_000 + n))
    client.send(frame(2, 1))
    open()
    await all
    expect(seen).toEqual([...Array.from({ length: 60 }, (_, n) => `${n + 1}: ${30_001 + n}`), '61: 1'])
  })
})

describe('a broken frame gets an error, then the connection is closed with its text', () => {
  it.each([
    ['no JSON', '{oops', 10163],
    ['no object', '[1]', 10163],
    ['binary data', Buffer.from([0xff, 0, 1]), 10163],
    ['a section that is no object', { header: 7 }, 10107],
    ['a status that is none', { header: { status: 9 } }, 10107],
    ['a continued frame first', textFrame(1, 'a'), 10107],
    ['another session', { header: { status: 0, sid: 'ase00000001@local000000000000000502' } }, 10008],
    ['data that is not base64', { payload: { txt: { text: '@@@' } } }, 10001],
    ['an entry without data', { payload: { txt: {} } }, 10009],
  ])('%s first', async (_name, frame, code) => {
    const inference = served()
    const { port, logged } = await listeningServer(inference)
    const client = await AseClient.connect(port)
    client.send(frame)
    const { header, payload } = await client.next()
    expect(header).toMatchObject({ code, status: 0, sid: expect.stringMatching(SID) })
    expect(payload).toBeUndefined()
    expect(await client.closed).toEqual({ code: 1000, reason: header.message.slice(0, 123) })
    expect(inference.sessions).toEqual([])
    expect(logged()).toMatchObject([{ sid: header.sid, code, path: '/v1/svcName' }])
  })

  it.each([
    ['a begin', textFrame(0, 'a'), 10107],
    ['no payload', { header: { status: 1 } }, 10009],
    ['another session', { header: { sid: 'x', status: 1 }, payload: { txt: { text: '' } } }, 10008],
    ['no JSON', '', 10163],
  ])('%s later, and the session ends with it', async (_name, frame, code) => {
    const { client, session } = await opened(served())
    client.send(frame)
    expect((await client.next()).header.code).toBe(code)
    expect((await client.closed).code).toBe(1000)
    expect(await session.aborted).toBeInstanceOf(ServiceError)
    expect(session.frames).toEqual([])
  })

  it('parameters that the schema does not allow; the payload of a frame is free', async () => {
    const { port } = await listeningServer(new FakeInference([modelInfo('svcName', mnistSchema())]))
    const header = { uid: 'u', status: 0 }
    const wrong = await AseClient.connect(port)
    wrong.send({ header, parameter: { svcName: { p1: 'no' } } })
    expect((await wrong.next()).header).toMatchObject({ code: 10107, message: expect.stringContaining('p1') })
    const right = await AseClient.connect(port)
    right.send({ header, parameter: { svcName: { p1: '3' } }, payload: { img: { image: 'AAEC', status: 0 } } })
    expect((await right.next()).header.code).toBe(0)
  })

  it('a text that is not UTF-8 (1007)', async () => {
    const { port } = await listeningServer(served())
    const client = await AseClient.connect(port)
    client.socket.send(Buffer.from([0x7b, 0xff, 0x7d]), { binary: false })
    const { header } = await client.next()
    expect(header.code).toBe(10163)
    expect(await client.closed).toEqual({ code: 1007, reason: header.message })
  })

  it('one that is too large (1009), and the session ends with it', async () => {
    const { client, session } = await opened(served(), { bodyLimitBytes: 1000 })
    client.send('x'.repeat(1001))
    const { header } = await client.next()
    expect(header.code).toBe(10010)
    expect(await client.closed).toEqual({ code: 1009, reason: header.message })
    expect((await session.aborted).reason).toBe('message_too_large')
  })

  it('a text too long for a close frame is cut between two characters', async () => {
    const inference = served()
    inference.opened = () => {
      throw new ServiceError('no_slot', '满'.repeat(100))
    }
    const { port } = await listeningServer(inference)
    const client = await AseClient.connect(port)
    client.send({})
    expect((await client.next()).header).toMatchObject({ code: 10110, message: '满'.repeat(100) })
    expect(await client.closed).toEqual({ code: 1000, reason: '满'.repeat(41) })
  })
})

describe('a session that fails', () => {
  it("gives the wrapper's own text and code", async () => {
    const { client, session, server } = await opened(served())
    session.fail(new ServiceError('wrapper_failed', 'errr', { wrapperRet: 100 }))
    expect((await client.next()).header).toMatchObject({ code: 10910, message: 'errr;code=100' })
    expect(await client.closed).toEqual({ code: 1000, reason: 'errr;code=100' })
    expect(server.logged()).toMatchObject([{ level: 50, ret: 100 }])
  })

  it('has a fixed text when nobody foresaw it', async () => {
    const inference = served()
    inference.opened = () => {
      throw new TypeError('secret')
    }
    const { port } = await listeningServer(inference)
    const client = await AseClient.connect(port)
    client.send({})
    expect((await client.next()).header).toMatchObject({ code: 11502, message: 'internal error' })
  })

  it('says 10114 for what the session layer calls a time-out', async () => {
    const { client, session } = await opened(served())
    session.fail(new ServiceError('session_timeout'))
    expect((await client.next()).header.code).toBe(10114)
  })

  it('ignores that it is over while the last results are still on their way', async () => {
    const { client, session } = await opened(served(), { webSocket: { lingerMs: 20 } })
    session.onFrame = () => {
      throw new ServiceError('session_ended')
    }
    client.send({ header: { status: 1 }, payload: { txt: { text: 'YQ==' } } })
    session.give(Status.end, textOutput('late'))
    expect((await client.next()).header).toMatchObject({ code: 0, status: 2 })
    expect((await client.closed).code).toBe(1000)
  })
})

describe('time-outs', () => {
  it('no first frame in time is 10114', async () => {
    const { port } = await listeningServer(served(), { webSocket: { readTimeoutMs: 30 } })
    const client = await AseClient.connect(port)
    expect((await client.next()).header.code).toBe(10114)
    expect((await client.closed).code).toBe(1000)
  })

  it('no further frame in time is 10114, and the session ends', async () => {
    const { client, session } = await opened(served(), { webSocket: { readTimeoutMs: 60 } })
    expect((await client.next()).header.code).toBe(10114)
    expect((await session.aborted).reason).toBe('frame_timeout')
  })

  it('after the last frame only the age counts', async () => {
    const { client, session } = await opened(served(), { webSocket: { readTimeoutMs: 40, sessionTimeoutMs: 200 } })
    const begin = performance.now()
    client.send({ header: { status: 2 } })
    expect((await client.next()).header.code).toBe(10114)
    expect(performance.now() - begin).toBeGreaterThan(100)
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
    const webSocket = { pingIntervalMs: 30 }
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

describe('a WebSocket is refused before it is accepted', () => {
  it.each([
    ['/nowhere', 404, 10404],
    ['/v1/nobody', 404, 10404],
    ['/test.json', 405, 10011],
    ['/%zz', 404, 10404],
  ])('at %s with %d', async (path, http, code) => {
    const { port } = await listeningServer(served())
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    let text = ''
    for await (const data of socket) text += data
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${http} `))
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).header.code).toBe(code)
  })
})

it('a handshake without its key is refused with 400, and the server can close', async () => {
  const { port } = await listeningServer(served())
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /v1/svcName HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  let text = ''
  for await (const data of socket) text += data
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
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
