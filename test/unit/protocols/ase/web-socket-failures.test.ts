import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import { Status } from '../../../../src/core/payload.js'
import { FakeInference, mnistSchema, modelInfo, textOutput } from '../shared/fake-inference.js'
import { AseClient, listeningServer, textFrame } from './ase-client.js'
import { opened, SID, served } from './web-socket-fixture.js'

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
