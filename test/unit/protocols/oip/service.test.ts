import { once as onceEvent } from 'node:events'
import { Metadata, status } from '@grpc/grpc-js'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { RequestContext } from '../../../../src/core/inference.js'
import { type Payload, Status } from '../../../../src/core/payload.js'
import type { ModelInferRequest } from '../../../../src/gen/gateway/inference/ModelInferRequest.js'
import type { ModelStreamInferResponse__Output } from '../../../../src/gen/gateway/inference/ModelStreamInferResponse.js'
import type { RepositoryModelLoadRequest } from '../../../../src/gen/gateway/inference/RepositoryModelLoadRequest.js'
import { unaryCall } from '../../../../src/rpc/unary.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { deferred } from '../../rpc/deferred.js'
import { FakeInference, mnistSchema, modelInfo, resultOf, textOutput } from '../shared/fake-inference.js'
import { ADMIN_TOKEN } from './oip-server.js'
import { oipService } from './oip-service.js'

const WAITING = { ready: false, why: 'it starts' } as const

async function serve(...outputs: Payload[]) {
  const models = [modelInfo('m', mnistSchema()), modelInfoOf('late', { readiness: WAITING, aliases: ['slow'] })]
  const inference = new FakeInference(models, () => resultOf(...outputs))
  const service = await oipService(inference)
  const { client } = service
  return { ...service, inference, infer: (request: ModelInferRequest) => unaryCall(client, client.ModelInfer, request) }
}

function tensorOutput(key: string, datatype: string, shape: number[], data: Uint8Array): Payload {
  return { key, type: 'other', status: 3, attributes: {}, data, tensor: { datatype, shape } }
}

const floats = (...values: number[]) => Buffer.from(Float32Array.from(values).buffer)
const TEXT = { name: 'txt', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from('hi')] } }

describe('ModelInfer', () => {
  it('with raw contents is answered with raw contents', async () => {
    const { inference, infer } = await serve(textOutput('seven'), tensorOutput('y', 'FP32', [2], floats(1, 2)))
    const answer = await infer({
      model_name: 'm',
      id: 'r-1',
      parameters: { beam: { int64_param: '9007199254740993' }, on: { bool_param: true }, t: { double_param: 0.5 } },
      inputs: [
        { name: 'img', datatype: 'BYTES', shape: [1] },
        { name: 'x', datatype: 'FP16', shape: [1, 1] },
      ],
      raw_input_contents: [Buffer.from('\x04\0\0\0JPEG'), Buffer.from([0, 0x3c])],
    })
    expect(answer).toMatchObject({ model_name: 'm', model_version: '1', id: 'r-1', parameters: {} })
    expect(answer.outputs).toMatchObject([
      { name: 'result', datatype: 'BYTES', shape: ['1'], contents: null },
      { name: 'y', datatype: 'FP32', shape: ['2'], contents: null },
    ])
    expect(answer.raw_output_contents).toEqual([Buffer.from('\x05\0\0\0seven'), floats(1, 2)])
    expect(inference.requests[0]?.parameters).toEqual({
      ...{ beam: '9007199254740993', on: 'true', t: '0.5' },
      sid: expect.any(String),
    })
    expect(inference.requests[0]?.payloads).toMatchObject([
      { key: 'img', type: 'image', data: Buffer.from('JPEG') },
      { key: 'x', tensor: { datatype: 'FP16', shape: [1, 1] } },
    ])
  })

  it.each([
    ['BOOL', { bool_contents: [true, false] }, '0100'],
    ['INT8', { int_contents: [-1, 2] }, 'ff02'],
    ['UINT16', { uint_contents: [1, 65535] }, '0100ffff'],
    ['INT64', { int64_contents: ['-9223372036854775808', '1'] }, '00000000000000800100000000000000'],
    ['UINT64', { uint64_contents: ['18446744073709551615', '0'] }, 'ffffffffffffffff0000000000000000'],
    ['FP32', { fp32_contents: [1.5, Number.NaN] }, '0000c03f0000c07f'],
    ['FP64', { fp64_contents: [0.5, Number.POSITIVE_INFINITY] }, '000000000000e03f000000000000f07f'],
    ['BYTES', { bytes_contents: [Buffer.from('a'), Buffer.from('')] }, '010000006100000000'],
  ])('with contents of %s is answered with contents', async (datatype, contents, bytes) => {
    const data = Buffer.from(bytes, 'hex')
    const { inference, infer } = await serve(tensorOutput('y', datatype, [2], data))
    const answer = await infer({ model_name: 'm', inputs: [{ name: 'x', datatype, shape: [2], contents }] })
    expect(Buffer.from(inference.requests[0]?.payloads[0]?.data ?? []).toString('hex')).toBe(bytes)
    expect(answer.outputs[0]?.contents).toMatchObject(contents)
    expect(answer.raw_output_contents).toEqual([])
  })

  it('is answered with raw contents where contents cannot hold an output', async () => {
    const { infer } = await serve(textOutput('a'), tensorOutput('y', 'BF16', [1], Buffer.from([0, 1])))
    const answer = await infer({ model_name: 'm', inputs: [TEXT] })
    expect(answer.raw_output_contents).toEqual([Buffer.from('\x01\0\0\0a'), Buffer.from([0, 1])])
  })

  it('has the earlier one of its two deadlines', async () => {
    const { client, inference } = await serve()
    const left: number[] = []
    inference.answer = (_request, ctx: RequestContext) => {
      left.push((ctx.deadline ?? 0) - performance.now())
      return resultOf(textOutput('ok'))
    }
    const request = { model_name: 'm', inputs: [TEXT], parameters: { timeout: { int64_param: 5_000_000 } } }
    await unaryCall(client, client.ModelInfer, request)
    await unaryCall(client, client.ModelInfer, request, { deadline: performance.now() + 2000 })
    expect(left[0]).toBeGreaterThan(2000)
    expect(left[1]).toBeLessThanOrEqual(2000)
  })

  const x = { name: 'x', datatype: 'INT32', shape: [2], contents: { int_contents: [1, 2] } }
  it.each<[string, ModelInferRequest, status, RegExp]>([
    ['an unknown model', { model_name: 'nobody', inputs: [x] }, status.NOT_FOUND, /^no such service$/],
    ['an unknown version', { model_version: '9', inputs: [x] }, status.NOT_FOUND, /has no such version$/],
    ['no inputs', {}, status.INVALID_ARGUMENT, /^the request has no inputs$/],
    ['an input without a name', { inputs: [{ ...x, name: '' }] }, status.INVALID_ARGUMENT, /^inputs\[0\]\.name: must/],
    ['an unknown datatype', { inputs: [{ ...x, datatype: 'int' }] }, status.INVALID_ARGUMENT, /unknown datatype "int"/],
    ['a negative size', { inputs: [{ ...x, shape: [-1] }] }, status.INVALID_ARGUMENT, /whole numbers, none below 0/],
    ['another shape', { inputs: [{ ...x, shape: [3] }] }, status.INVALID_ARGUMENT, /has 3 elements, the data 2/],
    [
      'contents of another datatype',
      { inputs: [{ ...x, contents: { fp32_contents: [1, 2] } }] },
      status.INVALID_ARGUMENT,
      /it has fp32_contents, but INT32 has int_contents/,
    ],
    [
      'contents of FP16',
      { inputs: [{ ...x, datatype: 'FP16' }] },
      status.INVALID_ARGUMENT,
      /FP16 has no contents; send/,
    ],
    [
      'a number out of range',
      { inputs: [{ ...x, datatype: 'INT8', contents: { int_contents: [1, 300] } }] },
      status.INVALID_ARGUMENT,
      /element 1 is 300; INT8 takes/,
    ],
    [
      'raw contents of another length',
      { inputs: [{ ...x, contents: null }], raw_input_contents: [Buffer.alloc(7)] },
      status.INVALID_ARGUMENT,
      /has 8 bytes, the data has 7/,
    ],
    [
      'raw contents of another number',
      { inputs: [x], raw_input_contents: [Buffer.alloc(8), Buffer.alloc(8)] },
      status.INVALID_ARGUMENT,
      /^raw_input_contents has 2 entries, but there are 1 inputs/,
    ],
    [
      'its data twice',
      { inputs: [x], raw_input_contents: [Buffer.alloc(8)] },
      status.INVALID_ARGUMENT,
      /it has contents, but the data is in raw/,
    ],
    ['an input twice', { inputs: [x, x] }, status.INVALID_ARGUMENT, /it is there twice among the inputs$/],
    [
      'shared memory',
      { inputs: [{ ...x, parameters: { shared_memory_region: { string_param: 'r' } } }] },
      status.UNIMPLEMENTED,
      /shared memory is not there/,
    ],
    [
      'a classification',
      { inputs: [x], outputs: [{ name: 'y', parameters: { classification: { int64_param: 2 } } }] },
      status.UNIMPLEMENTED,
      /classification is not there/,
    ],
  ])('with %s fails with a status that says so', async (_name, request, code, text) => {
    const { infer, inference, failures } = await serve()
    const failure = await infer({ model_name: 'm', ...request }).catch(error => error)
    expect(failure).toMatchObject({ code, details: expect.stringMatching(text) })
    expect(inference.requests).toEqual([])
    expect(failures).toHaveLength(1)
  })

  it('fails as the core does', async () => {
    const { infer, inference, failures } = await serve()
    inference.answer = () => {
      throw new ServiceError('no_slot', 'all busy')
    }
    const failure = await infer({ model_name: 'm', inputs: [TEXT] }).catch(error => error)
    expect(failure).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'all busy' })
    expect(failure.metadata.get('aiges-reason')).toEqual(['no_slot'])
    expect(failures).toEqual([['m', 'no_slot']])
  })
})

describe('ModelStreamInfer', () => {
  async function stream(results: FakeInference['results'], requests: readonly ModelInferRequest[]) {
    const { client, inference, failures } = await serve()
    inference.results = results
    const call = client.ModelStreamInfer()
    for (const request of requests) call.write(request)
    call.end()
    const answers: ModelStreamInferResponse__Output[] = []
    for await (const answer of call as AsyncIterable<ModelStreamInferResponse__Output>) answers.push(answer)
    return { answers, inference, failures }
  }

  const shown = ({ error_message, infer_response }: ModelStreamInferResponse__Output) => {
    const final = infer_response?.parameters['triton_final_response']?.bool_param
    const texts = infer_response?.outputs.flatMap(({ contents }) => contents?.bytes_contents.map(String) ?? [])
    return [infer_response?.id, texts?.join(), final, ...(error_message === '' ? [] : [error_message])]
  }

  const request = (id: string, more: ModelInferRequest = {}): ModelInferRequest => {
    return { model_name: 'm', id, inputs: [TEXT], ...more }
  }

  it('answers each request with its results as they come, one request after the other', async () => {
    const { answers } = await stream(
      async function* () {
        yield { status: Status.begin, payloads: [textOutput('a')] }
        yield { status: Status.end, payloads: [textOutput('b')] }
      },
      [request('1'), request('2')],
    )
    expect(answers.map(shown)).toEqual([
      ['1', 'a', false],
      ['1', 'b', true],
      ['2', 'a', false],
      ['2', 'b', true],
    ])
  })

  it('says where the answers to a request end when that has no outputs, if it is asked to', async () => {
    const { answers } = await stream(
      async function* () {
        yield { status: Status.begin, payloads: [textOutput('a')] }
        yield { status: Status.end, payloads: [] }
      },
      [request('1'), request('2', { parameters: { triton_enable_empty_final_response: { bool_param: true } } })],
    )
    expect(answers.map(shown)).toEqual([
      ['1', 'a', false],
      ['2', 'a', false],
      ['2', '', true],
    ])
  })

  it('answers a request that fails with its error and takes the next one', async () => {
    const { answers, failures } = await stream(
      async function* ({ parameters }) {
        yield { status: Status.begin, payloads: [textOutput('a')] }
        if (parameters['fail']) throw new ServiceError('wrapper_failed', 'the engine failed')
        yield { status: Status.end, payloads: [textOutput('b')] }
      },
      [request('1', { parameters: { fail: { bool_param: true } } }), request('2', { inputs: [] }), request('3')],
    )
    expect(answers.map(shown)).toEqual([
      ['1', 'a', false],
      ['1', '', undefined, 'the engine failed'],
      ['2', '', undefined, 'the request has no inputs'],
      ['3', 'a', false],
      ['3', 'b', true],
    ])
    expect(failures).toEqual([
      ['m', 'wrapper_failed'],
      ['m', 'input_missing'],
    ])
  })

  it('ends when the server stops, after the request that is running', async () => {
    const { client, inference, stop, failures } = await serve()
    const idle = client.ModelStreamInfer()
    const idleEnd = onceEvent(idle, 'error')
    idle.write(request('1'))
    await onceEvent(idle, 'data')
    idle.resume()
    const finish = deferred<void>()
    inference.results = async function* () {
      yield { status: Status.begin, payloads: [textOutput('a')] }
      await finish.promise
      yield { status: Status.end, payloads: [textOutput('b')] }
    }
    const busy = client.ModelStreamInfer()
    const busyEnd = onceEvent(busy, 'error')
    const answers: unknown[] = []
    busy.on('data', answer => answers.push(shown(answer)))
    busy.write(request('2'))
    await onceEvent(busy, 'data')
    const last = client.ModelStreamInfer()
    const lastEnd = onceEvent(last, 'status')
    last.end(request('3'))
    await onceEvent(last, 'data')
    last.resume()
    const stopped = stop()
    expect(await idleEnd).toMatchObject([{ code: status.UNAVAILABLE, details: 'the service is shutting down' }])
    finish.resolve()
    expect(await lastEnd).toMatchObject([{ code: status.OK }])
    expect(await busyEnd).toMatchObject([{ code: status.UNAVAILABLE }])
    expect(answers).toEqual([
      ['2', 'a', false],
      ['2', 'b', true],
    ])
    await stopped
    expect(failures).toEqual([])
  })

  it('cancels the request that is running when the client leaves', async () => {
    const { client, inference } = await serve()
    const left = new Promise(resolve => {
      inference.results = async function* (_request, { signal }) {
        yield { status: Status.begin, payloads: [textOutput('a')] }
        await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))).catch(
          reason => {
            resolve(reason)
            throw reason
          },
        )
      }
    })
    const call = client.ModelStreamInfer()
    call.on('error', () => {})
    call.once('data', () => call.cancel())
    call.write(request('1'))
    expect(await left).toMatchObject({ reason: 'cancelled' })
  })
})

describe('the service', () => {
  it('says what there is', async () => {
    const { client } = await serve()
    expect(await unaryCall(client, client.ServerLive, {})).toEqual({ live: true })
    expect(await unaryCall(client, client.ServerReady, {})).toEqual({ ready: true })
    expect(await unaryCall(client, client.ServerMetadata, {})).toMatchObject({ name: 'aiservice', version: '1.2.3' })
    expect(await unaryCall(client, client.ModelMetadata, { name: 'm' })).toEqual({
      name: 'm',
      versions: ['1'],
      platform: 'aiges',
      inputs: [{ name: 'img', datatype: 'BYTES', shape: ['1'] }],
      outputs: [{ name: 'result', datatype: 'BYTES', shape: ['1'] }],
    })
    const { config } = await unaryCall(client, client.ModelConfig, { name: 'm', version: '1' })
    expect(config).toMatchObject({
      backend: 'aiges',
      version_policy: { specific: { versions: ['1'] } },
      input: [{ name: 'img', data_type: 13, dims: ['1'], optional: false }],
    })
    const { models } = await unaryCall(client, client.RepositoryIndex, {})
    expect(models.map(({ name, state, reason }) => [name, state, reason])).toEqual([
      ['m', 'READY', ''],
      ['late', 'UNAVAILABLE', 'it starts'],
    ])
    const { model_stats } = await unaryCall(client, client.ModelStatistics, {})
    expect(model_stats).toMatchObject([
      { name: 'm', inference_count: '0', inference_stats: { success: { count: '0', ns: '0' } } },
      { name: 'late' },
    ])
  })

  it.each([
    ['m', '', true],
    ['m', '1', true],
    ['m', '7', false],
    ['late', '', false],
    ['slow', '1', false],
    ['nobody', '', false],
  ])('says whether %j, version %j, is ready: %s', async (name, version, ready) => {
    const { client } = await serve()
    expect(await unaryCall(client, client.ModelReady, { name, version })).toEqual({ ready })
  })

  it('loads and unloads models as they are configured', async () => {
    const done: string[] = []
    const admin = {
      load: async (model: string) => void done.push(`load ${model}`),
      unload: async (model: string) => void done.push(`unload ${model}`),
    }
    const { client } = await oipService(new FakeInference([modelInfo('m')]), { admin })
    const metadata = new Metadata()
    metadata.set('authorization', `Bearer ${ADMIN_TOKEN}`)
    type Change = 'RepositoryModelLoad' | 'RepositoryModelUnload'
    const call = (change: Change, request: RepositoryModelLoadRequest, sent = metadata) =>
      new Promise((resolve, reject) => {
        client[change](request, sent, (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)))
      })
    await call('RepositoryModelUnload', { model_name: 'm' })
    await call('RepositoryModelLoad', { model_name: 'm' })
    expect(done).toEqual(['unload m', 'load m'])
    const parameters = { config: { string_param: '{}' } }
    const overriding = call('RepositoryModelLoad', { model_name: 'm', parameters })
    await expect(overriding).rejects.toMatchObject({ code: status.UNIMPLEMENTED })
    const stranger = call('RepositoryModelUnload', { model_name: 'm' }, new Metadata())
    await expect(stranger).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
    expect(done).toHaveLength(2)
  })

  it('says of what it does not have that it is not there', async () => {
    const { client } = await serve()
    const methods = [
      client.SystemSharedMemoryStatus,
      client.CudaSharedMemoryRegister,
      client.TraceSetting,
      client.LogSettings,
    ]
    for (const method of methods) {
      const failure = await unaryCall(client, method, {}).catch(error => error)
      expect(failure).toMatchObject({
        code: status.UNIMPLEMENTED,
        details: expect.stringMatching(/not there|is set by/),
      })
    }
  })
})
