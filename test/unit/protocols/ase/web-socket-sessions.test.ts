import { once } from 'node:events'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { Status } from '../../../../src/core/payload.js'
import { mnistSchema, modelInfo, textOutput } from '../shared/fake-inference.js'
import { AseClient, listeningServer, textFrame } from './ase-client.js'
import { opened, served, upperCase } from './web-socket-fixture.js'

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
    const data = Buffer.from('a')
    expect(session?.request).toEqual({
      model: 'svcName',
      parameters: { uid: 'u', sid: header.sid },
      accepts: [{ name: 'result', type: 'text', attributes: { encoding: 'utf8', compress: 'raw', format: 'plain' } }],
      first: {
        payloads: [{ key: 'txt', type: 'text', status: 0, attributes: { encoding: 'utf8', status: '0' }, data }],
        last: false,
      },
      idleTimeoutMs: 7000,
      maxAgeMs: 9000,
    })
    expect(session?.ctx).toMatchObject({ sid: header.sid, protocol: 'ase-websocket' })
    expect(session?.frames).toEqual([session?.request.first])
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

  it('is read no further while many frames wait for the wrapper, however small they are', async () => {
    const { server, client, session } = await opened(served())
    session.onFrame = () => new Promise(() => {})
    for (let frame = 0; frame < 5000; frame += 1) client.send({ payload: { txt: { text: '' } } })
    const [socket] = server.server.websocketServer.clients
    await expect.poll(() => socket?.isPaused).toBe(true)
    expect(session.frames).toHaveLength(1)
    client.socket.terminate()
  })

  it('ends when its client leaves while nothing is read from it', async () => {
    const { server, client, session } = await opened(served(), { webSocket: { pausedPingMs: 20 } })
    session.onFrame = () => new Promise(() => {})
    for (let frame = 0; frame < 400; frame += 1) client.send({ payload: { txt: { text: 'A'.repeat(40_000) } } })
    const [socket] = server.server.websocketServer.clients
    await expect.poll(() => socket?.isPaused).toBe(true)
    client.socket.terminate()
    expect(await session.aborted).toMatchObject({ reason: 'cancelled' })
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
