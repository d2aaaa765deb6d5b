import { once as onceEvent } from 'node:events'
import { status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import { Status } from '../../../../src/core/payload.js'
import type { InferenceInput } from '../../../../src/gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput__Output } from '../../../../src/gen/gateway/aiges/v1/InferenceOutput.js'
import { rpcErrorOf } from '../../../../src/rpc/unary.js'
import { deferred } from '../../rpc/deferred.js'
import { capitals, FakeSession } from '../shared/fake-session.js'
import { type FixtureOptions, startAigesV1, textInput, textResult } from './fixture.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function start(options: FixtureOptions) {
  const server = await startAigesV1(options)
  cleanups.push(server.close)
  return server
}

/** A server with one session. */
async function startSession(onWrite: ConstructorParameters<typeof FakeSession>[0]) {
  const session = new FakeSession(onWrite)
  const server = await start({ open: () => session })
  return { ...server, session, call: server.client.Stream() }
}

type Call = ReturnType<Awaited<ReturnType<typeof startSession>>['client']['Stream']>

/** Reads a stream to its end. */
async function read(call: Call) {
  const texts: string[] = []
  const outputs: InferenceOutput__Output[] = []
  try {
    for await (const output of call as AsyncIterable<InferenceOutput__Output>) {
      outputs.push(output)
      texts.push(String(output.data[0]?.data))
    }
    return { texts, outputs, error: undefined }
  } catch (thrown) {
    return { texts, outputs, error: rpcErrorOf(thrown) }
  }
}

function writeAll(call: Call, inputs: readonly InferenceInput[]): void {
  for (const input of inputs) call.write(input)
}

const statusesOf = ({ frames }: FakeSession) =>
  frames.map(({ last, payloads }) => [last, ...payloads.map(payload => payload.status)])

describe('Stream', () => {
  test('opens a session with its first message, writes each message and brings results while it is sent', async () => {
    const { call, session, seen } = await startSession(capitals())
    const route = { session_id: 's-1', trace_id: 't-1' }
    call.write(textInput('a', 0, { route, model: 'svcName', params: { p: '1' }, accepts: [{ data_id: 'result' }] }))
    const [first] = (await onceEvent(call, 'data')) as [InferenceOutput__Output]
    writeAll(call, [textInput('b', Status.continue), textInput('c', Status.end)])
    const { texts, outputs } = await read(call)
    expect(seen[0]?.request).toEqual({
      model: 'svcName',
      parameters: { p: '1', sid: 's-1' },
      accepts: [{ name: 'result', attributes: {} }],
      first: session.frames[0],
    })
    expect(seen[0]?.ctx).toMatchObject({ sid: 's-1', protocol: 'aiges-v1' })
    expect(first).toMatchObject({ route: { session_id: 's-1', trace_id: 't-1' }, status: 0, data: [{ frame_id: 1 }] })
    expect(texts).toEqual(['B', 'C'])
    expect(outputs.map(({ route, status, data }) => [route, status, data[0]?.frame_id])).toEqual([
      [null, 1, 2],
      [null, 2, 3],
    ])
    expect(statusesOf(session)).toEqual([
      [false, 0],
      [false, 1],
      [true, 2],
    ])
    expect(session.ended).toBe('closed')
  })

  test('counts a second BEGIN as CONTINUE, and half-closing as the end of every open input', async () => {
    const { call, session } = await startSession(capitals())
    const second = { data_id: 'sound', data_type: 'AUDIO', data: Buffer.from('-') } as const
    writeAll(call, [textInput('a'), textInput('b'), { data: [second] }])
    call.end()
    expect((await read(call)).texts).toEqual(['A', 'B', '-', ''])
    expect(statusesOf(session)).toEqual([
      [false, 0],
      [false, 1],
      [false, 0],
      [true, 2, 2],
    ])
    expect(session.frames[3]?.payloads.map(({ key, type, data }) => [key, type, data.length])).toEqual([
      ['txt', 'text', 0],
      ['sound', 'audio', 0],
    ])
  })

  test('writes no frame for a message without data, and nothing more at a half-close after the last frame', async () => {
    const { call, session } = await startSession(capitals())
    writeAll(call, [{ model: 'svcName' }, textInput('a', Status.once)])
    call.end()
    expect((await read(call)).texts).toEqual(['A'])
    expect(statusesOf(session)).toEqual([[true, 3]])
  })

  test('without a message is refused', async () => {
    const { client, seen } = await start({})
    const call = client.Stream()
    call.end()
    const { error } = await read(call)
    expect(error?.code).toBe(status.INVALID_ARGUMENT)
    expect(error?.metadata.get('aiges-reason')).toEqual(['input_missing'])
    expect(seen).toEqual([])
  })

  test('that is not opened fails with the reason', async () => {
    const { client } = await start({ open: () => Promise.reject(new ServiceError('no_slot')) })
    const call = client.Stream()
    call.write(textInput('a', 0, { route: { session_id: 's-1' } }))
    const { error } = await read(call)
    expect(error?.code).toBe(status.RESOURCE_EXHAUSTED)
    expect(error?.metadata.getMap()).toMatchObject({ 'aiges-code': '10110', 'aiges-sid': 's-1' })
  })

  test.each([
    ['that cannot be decoded', { data: [{ data_id: 'a', status: 8 as 3 }] }, 'message_undecodable'],
    ['for another service', textInput('b', 1, { model: 'other' }), 'schema_violation'],
    ['for an unknown service', textInput('b', 1, { model: 'nobody' }), 'model_unknown'],
  ])('with a message %s fails, and its session is aborted', async (_name, input, reason) => {
    const { call, session } = await startSession(() => {})
    writeAll(call, [textInput('a'), input])
    const { error } = await read(call)
    expect(error?.metadata.get('aiges-reason')).toEqual([reason])
    expect(session.ended).toMatchObject({ reason })
  })

  test('with data after the last frame fails', async () => {
    const { call, session } = await startSession(() => {})
    writeAll(call, [textInput('a', Status.end), textInput('b', Status.end)])
    expect((await read(call)).error?.code).toBe(status.FAILED_PRECONDITION)
    expect(session.frames).toHaveLength(1)
  })

  test('whose wrapper has its last result before the client has sent everything ends in order', async () => {
    const { call, session } = await startSession((_frame, given) => given.give(Status.end))
    writeAll(call, [textInput('a'), textInput('b'), textInput('c')])
    expect((await read(call)).error).toBeUndefined()
    expect(session.ended).toBe('closed')
  })

  test('whose session fails ends with what came before and the reason', async () => {
    const { call } = await startSession((frame, given) => {
      capitals()(frame, given)
      given.abort(new ServiceError('plugin_crashed'))
    })
    call.write(textInput('a'))
    const { texts, error } = await read(call)
    expect(texts).toEqual(['A'])
    expect(error?.metadata.get('aiges-code')).toEqual(['10109'])
  })

  test('hands a frame over only when the wrapper has taken the one before', async () => {
    const taken = deferred()
    const begun = deferred()
    const { call, session } = await startSession((frame, given) => {
      begun.resolve()
      if (frame.last) given.give(Status.end)
      return taken.promise
    })
    writeAll(call, [textInput('a'), textInput('b'), textInput('c', Status.end)])
    await begun.promise
    expect(session.frames).toHaveLength(1)
    taken.resolve()
    await read(call)
    expect(session.frames).toHaveLength(3)
  })

  test('that its client cancels cancels what the core was told, and closes the session', async () => {
    const { call, session, seen } = await startSession(capitals())
    call.write(textInput('a'))
    await onceEvent(call, 'data')
    const { signal } = seen[0]?.ctx ?? expect.fail('no session was opened')
    // The core's session ends with its signal.
    signal.addEventListener('abort', () => session.abort(signal.reason))
    const ended = onceEvent(call, 'error')
    call.cancel()
    expect(await ended).toMatchObject([{ code: status.CANCELLED }])
    await session.over
    expect(session.ended).toMatchObject({ reason: 'cancelled' })
  })

  test('closes the session when its client leaves while a result waits to be read', async () => {
    const big = textResult(Buffer.alloc(1 << 19), Status.continue)
    const { call, session } = await startSession((_frame, given) => {
      for (let index = 0; index < 200; index += 1) given.give(big.status, ...big.payloads)
    })
    call.pause()
    call.on('error', () => {})
    call.write(textInput('a'))
    await onceEvent(call, 'metadata')
    call.cancel()
    await session.over
    expect(session.ended).toBe('closed')
  })
})
