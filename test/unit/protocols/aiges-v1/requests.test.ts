import { once as onceEvent } from 'node:events'
import { connect } from 'node:http2'
import { type ClientReadableStream, type ServiceError as GrpcError, Metadata, status } from '@grpc/grpc-js'
import { afterEach, describe, expect, test } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { InferenceResult, RequestContext } from '../../../../src/core/inference.js'
import { Status } from '../../../../src/core/payload.js'
import type { InferenceInput } from '../../../../src/gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput__Output } from '../../../../src/gen/gateway/aiges/v1/InferenceOutput.js'
import { rpcErrorOf, unaryCall } from '../../../../src/rpc/unary.js'
import { deferred } from '../../rpc/deferred.js'
import { type FixtureOptions, InputCodec, MIB, startAigesV1, textInput, textResult } from './fixture.js'

const cleanups: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup()
})

async function start(options: FixtureOptions) {
  const server = await startAigesV1(options)
  cleanups.push(server.close)
  const { client } = server
  return { ...server, exec: (input: InferenceInput) => unaryCall(client, client.Exec, input) }
}

/** The gRPC error with which a call fails. */
async function failureOf(call: Promise<unknown>) {
  return call.then(() => undefined, rpcErrorOf)
}

/** A request that ends only when its context says so, and its context. */
function hanging() {
  const begun = deferred<RequestContext>()
  const aborted = deferred<unknown>()
  const once = (_request: unknown, ctx: RequestContext) =>
    new Promise<InferenceResult>((_resolve, reject) => {
      ctx.signal.addEventListener('abort', () => {
        aborted.resolve(ctx.signal.reason)
        reject(ctx.signal.reason)
      })
      begun.resolve(ctx)
    })
  return { once, begun: begun.promise, aborted: aborted.promise }
}

describe('the metadata x-priority', () => {
  const metadata = (priority: string) => {
    const made = new Metadata()
    made.set('x-priority', priority)
    return made
  }

  test('says how urgent a call is', async () => {
    const { client, seen } = await start({ once: async () => textResult('x', Status.once) })
    await new Promise(resolve => client.Exec(textInput('x'), metadata('7'), resolve))
    expect(seen[0]?.ctx.priority).toBe(7)
  })

  test('ends the call with INVALID_ARGUMENT when it is no priority', async () => {
    const { client, seen } = await start({})
    const answered = new Promise(resolve => client.Exec(textInput('x'), metadata('10'), resolve))
    expect(await answered).toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringContaining('0 to 9') })
    const stream = client.ExecStream(textInput('x'), metadata('urgent')).resume()
    const [error] = await onceEvent(stream, 'error')
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT })
    expect(seen).toEqual([])
  })
})

describe('Exec', () => {
  test('hands route, params, accepts and data to the core and brings the result back', async () => {
    const { exec, seen } = await start({ once: async () => textResult('seven', Status.once) })
    const output = await exec({
      route: { session_id: 's-1', trace_id: 't-1', appid: 'a' },
      model: 'svcName',
      params: { beam: '2' },
      accepts: [
        { data_id: 'result', desc_args: { encoding: 'utf8' } },
        { data_id: 'sound', data_type: 'AUDIO' },
      ],
      data: [
        { data_id: 'img', data_type: 'IMAGE', frame_id: 4, desc_args: { encoding: 'jpg' }, data: Buffer.from('x') },
      ],
    })
    expect(seen[0]?.ctx).toMatchObject({ sid: 's-1', protocol: 'aiges-v1' })
    expect(seen[0]?.ctx.deadline).toBeUndefined()
    expect(seen[0]?.request).toEqual({
      model: 'svcName',
      parameters: { beam: '2', sid: 's-1' },
      accepts: [
        { name: 'result', attributes: { encoding: 'utf8' } },
        { name: 'sound', type: 'audio', attributes: {} },
      ],
      payloads: [
        { key: 'img', type: 'image', status: 3, attributes: { encoding: 'jpg', seq: '4' }, data: Buffer.from('x') },
      ],
    })
    expect(output).toMatchObject({
      route: { session_id: 's-1', trace_id: 't-1', appid: '' },
      status: 3,
      data: [{ data_id: 'result', frame_id: 0, data_type: 0, status: 3, desc_args: { encoding: 'utf8' } }],
    })
    expect(output.data[0]?.data.toString()).toBe('seven')
  })

  test('asks for text only when the accept says text', async () => {
    const { exec, seen } = await start({ once: async () => textResult('', Status.once) })
    await exec(textInput('a', 0, { accepts: [{ data_id: 'a' }, { data_id: 'b', data_type: 'TEXT' }] }))
    expect(seen[0]?.request.accepts).toEqual([
      { name: 'a', attributes: {} },
      { name: 'b', type: 'text', attributes: {} },
    ])
  })

  test('makes a session_id when there is none', async () => {
    const { exec, seen } = await start({ once: async () => textResult('', Status.once) })
    const { route } = await exec(textInput('a'))
    expect(route?.session_id).toMatch(/^[0-9a-f-]{36}$/)
    expect(seen[0]?.ctx.sid).toBe(route?.session_id)
    expect(seen[0]?.request.parameters).toEqual({ sid: route?.session_id })
  })

  test.each([
    ['no data', { data: [] }, 'input_missing'],
    ['data without a name', { data: [{ data: Buffer.from('x') }] }, 'message_undecodable'],
    ['an unknown data type', { data: [{ data_id: 'a', data_type: 9 as 4 }] }, 'message_undecodable'],
    ['an accept without a name', textInput('a', 0, { accepts: [{}] }), 'message_undecodable'],
  ])('with %s is refused before a wrapper sees it', async (_name, input, reason) => {
    const { exec, seen } = await start({})
    const error = await failureOf(exec(input))
    expect(error?.code).toBe(status.INVALID_ARGUMENT)
    expect(error?.metadata.get('aiges-reason')).toEqual([reason])
    expect(seen).toEqual([])
  })

  test('that fails has a status, a text and trailing metadata, and is logged with its sid', async () => {
    const failure = new ServiceError('wrapper_failed', '引擎', { wrapperRet: 100 })
    const { exec, logLines } = await start({ once: () => Promise.reject(failure) })
    const error = await failureOf(exec(textInput('a', 0, { route: { session_id: 's-1' } })))
    expect(error).toMatchObject({ code: status.INTERNAL, details: '引擎' })
    expect(error?.metadata.getMap()).toMatchObject({
      'aiges-code': '10910',
      'aiges-reason': 'wrapper_failed',
      'aiges-sid': 's-1',
      'aiges-wrapper-code': '100',
    })
    expect(logLines).toMatchObject([{ level: 50, sid: 's-1', reason: 'wrapper_failed' }])
  })

  test('hands its deadline to the core, and ends there as a time-out', async () => {
    const { once, begun, aborted } = hanging()
    const { client } = await start({ once })
    // A deadline that has to wait for the connection comes late.
    await new Promise(connected => client.waitForReady(Date.now() + 10_000, connected))
    const before = performance.now()
    const until = before + 500
    const answer = unaryCall(client, client.Exec, textInput('a'), { deadline: until }).catch(rpcErrorOf)
    const { deadline } = await begun
    // It travels as the time that is left, in whole milliseconds.
    expect(deadline).toBeGreaterThan(until - 2)
    expect(deadline).toBeLessThan(until + performance.now() - before + 2)
    expect(await answer).toMatchObject({ code: status.DEADLINE_EXCEEDED })
    expect(await aborted).toMatchObject({ reason: 'result_timeout' })
  })

  test('that its caller gives up is cancelled in the core', async () => {
    const { once, begun, aborted } = hanging()
    const { client } = await start({ once })
    const controller = new AbortController()
    const answer = unaryCall(client, client.Exec, textInput('a'), { signal: controller.signal }).catch(reason => reason)
    await begun
    controller.abort('left')
    expect(await answer).toBe('left')
    expect(await aborted).toMatchObject({ reason: 'cancelled' })
  })

  test('past the size limit ends with RESOURCE_EXHAUSTED', async () => {
    const { exec } = await start({})
    const error = await exec(textInput('x'.repeat(MIB))).catch(rpcErrorOf)
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
  })
})

describe('ExecStream', () => {
  const collect = async (call: ClientReadableStream<InferenceOutput__Output>) => {
    const outputs: InferenceOutput__Output[] = []
    for await (const output of call) outputs.push(output)
    return outputs
  }

  test('brings results as they come, numbered from 1, the route with the first', async () => {
    const more = deferred()
    async function* stream() {
      yield textResult('a', Status.begin)
      await more.promise
      yield textResult('b', Status.continue)
      yield textResult('c', Status.end)
    }
    const { client } = await start({ stream })
    const call = client.ExecStream(textInput('x', 0, { route: { session_id: 's-1' } }))
    const [first] = (await onceEvent(call, 'data')) as [InferenceOutput__Output]
    more.resolve()
    const outputs = [first, ...(await collect(call))]
    expect(outputs.map(({ status, data }) => [status, data[0]?.frame_id, data[0]?.data.toString()])).toEqual([
      [0, 1, 'a'],
      [1, 2, 'b'],
      [2, 3, 'c'],
    ])
    expect(outputs.map(({ route }) => route?.session_id)).toEqual(['s-1', undefined, undefined])
  })

  test('that fails after a result brings the result, then the failure', async () => {
    async function* stream() {
      yield textResult('a', Status.begin)
      throw new ServiceError('plugin_crashed')
    }
    const { client } = await start({ stream })
    const call = client.ExecStream(textInput('x'))
    const texts: string[] = []
    call.on('data', (output: InferenceOutput__Output) => texts.push(String(output.data[0]?.data)))
    const [error] = (await onceEvent(call, 'error')) as [GrpcError]
    expect(texts).toEqual(['a'])
    expect(error.code).toBe(status.UNAVAILABLE)
    expect(error.metadata.get('aiges-code')).toEqual(['10109'])
  })

  test('leaves the loop over the results when its caller cancels', async () => {
    const left = deferred()
    async function* stream(_request: unknown, { signal }: RequestContext) {
      try {
        yield textResult('a', Status.begin)
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
      } finally {
        left.resolve()
      }
    }
    const { client, firstLogLine } = await start({ stream })
    const call = client.ExecStream(textInput('x'))
    await onceEvent(call, 'data')
    const ended = onceEvent(call, 'error')
    call.cancel()
    expect(await ended).toMatchObject([{ code: status.CANCELLED }])
    await left.promise
    expect(await firstLogLine).toMatchObject({ level: 30, reason: 'cancelled' })
  })

  test('takes no further results while its reader does not read, and goes on when it does', async () => {
    const TOTAL = 400
    const chunk = Buffer.alloc(MIB / 4)
    let taken = 0
    async function* stream() {
      while (taken < TOTAL) {
        taken += 1
        yield textResult(chunk, taken === TOTAL ? Status.end : Status.continue)
      }
    }
    const { address } = await start({ stream })
    // grpc-js as a client reads on by itself; HTTP/2 alone does not.
    const session = connect(`http://${address}`)
    const call = session.request({
      ':method': 'POST',
      ':path': '/aiges.v1.Inference/ExecStream',
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const ended = onceEvent(call, 'end')
    const trailers = onceEvent(call, 'trailers')
    call.end(grpcFrame(InputCodec.serialize(textInput('x'))))
    await onceEvent(call, 'response')
    // Without back-pressure the loop over the results would have ended within the turn in which it began.
    expect(taken).toBeLessThan(TOTAL / 4)
    let bytes = 0
    call.on('data', (data: Buffer) => {
      bytes += data.length
    })
    await ended
    expect((await trailers)[0]).toMatchObject({ 'grpc-status': '0' })
    expect(taken).toBe(TOTAL)
    expect(bytes).toBeGreaterThan(TOTAL * chunk.length)
    session.close()
  })
})

/** A message as gRPC frames it: uncompressed, behind its length. */
function grpcFrame(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}
