import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { RequestContext } from '../../../../src/core/inference.js'
import type { Payload } from '../../../../src/core/payload.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { FakeInference, mnistSchema, modelInfo, resultOf, textOutput } from '../shared/fake-inference.js'
import { binaryBody, oipServer } from './oip-server.js'

const URL = '/v2/models/m/infer'

const spec = (name: string, datatype: string, shape: number[]) => ({ name, datatype, shape, optional: false })
const SIGNATURE = {
  inputs: [spec('a', 'FP32', [-1, 2])],
  outputs: [spec('sum', 'FP32', [-1])],
}
const DOUBLE = { name: 'double', inputs: [spec('x', 'INT64', [1])], outputs: [spec('y', 'INT64', [1])] }

function floats(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer)
}

function tensorOutput(key: string, datatype: string, shape: number[], data: Uint8Array): Payload {
  return { key, type: 'other', status: 3, attributes: {}, data, tensor: { datatype, shape } }
}

/** A model that declares nothing, and what it answers. */
function plain(...outputs: Payload[]) {
  const inference = new FakeInference([modelInfo('m', mnistSchema())], () => resultOf(...outputs))
  return { inference, ...oipServer(inference) }
}

function declaring() {
  const model = modelInfoOf('m', { signature: SIGNATURE, methods: [DOUBLE] })
  const inference = new FakeInference([model], () => resultOf(tensorOutput('sum', 'FP32', [1], floats(3))))
  return { inference, ...oipServer(inference) }
}

const TEXT_INPUT = { name: 'txt', datatype: 'BYTES', shape: [1], data: ['hi'] }

describe('an answer of many numbers', () => {
  it('lets others have their turns while it is written', async () => {
    const { post } = plain(tensorOutput('y', 'UINT8', [1_000_000], new Uint8Array(1_000_000)))
    let turns = 0
    const count = () => {
      turns++
      next = setImmediate(count)
    }
    let next = setImmediate(count)
    const response = await post(URL, { inputs: [TEXT_INPUT] })
    clearImmediate(next)
    expect(response.json().outputs[0].data).toHaveLength(1_000_000)
    expect(turns).toBeGreaterThan(10)
  })
})

describe('a request in JSON', () => {
  it('reaches a plain wrapper as a plain payload, and its answer comes as BYTES', async () => {
    const { inference, post } = plain(textOutput('识别'))
    const response = await post(URL, { id: 'r-1', parameters: { p1: 'eee', n: 3, on: true }, inputs: [TEXT_INPUT] })
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8')
    expect(response.json()).toEqual({
      model_name: 'm',
      model_version: '1',
      id: 'r-1',
      outputs: [{ name: 'result', datatype: 'BYTES', shape: [1], data: ['识别'] }],
    })
    const [request] = inference.requests
    expect(request?.payloads).toEqual([
      { key: 'txt', type: 'other', status: 3, attributes: {}, data: Buffer.from('hi') },
    ])
    expect(request?.parameters).toEqual({ p1: 'eee', n: '3', on: 'true', sid: expect.any(String) })
    expect(request).toMatchObject({ model: 'm', version: '1', accepts: [] })
  })

  it('may have base64 where its elements are no text', async () => {
    const { inference, post } = plain(textOutput('ok'))
    const parameters = { content_type: 'base64' }
    await post(URL, { inputs: [{ name: 'img', datatype: 'BYTES', shape: [1], parameters, data: ['/9g='] }] })
    expect(inference.requests[0]?.payloads).toMatchObject([{ type: 'image', data: Buffer.from([0xff, 0xd8]) }])
  })

  it.each([
    [
      [
        [1, 2],
        [3, 4],
      ],
    ],
    [[1, 2, 3, 4]],
  ])('gives a tensor as lists in lists or flat: %j', async data => {
    const { inference, post } = declaring()
    const response = await post(URL, { inputs: [{ name: 'a', datatype: 'FP32', shape: [2, 2], data }] })
    expect(inference.requests[0]?.payloads).toMatchObject([
      { key: 'a', tensor: { datatype: 'FP32', shape: [2, 2] }, data: new Uint8Array(floats(1, 2, 3, 4)) },
    ])
    expect(response.json().outputs).toEqual([{ name: 'sum', datatype: 'FP32', shape: [1], data: [3] }])
  })

  it('keeps every digit of 64-bit integers, both ways', async () => {
    const data = Buffer.alloc(8)
    data.writeBigInt64LE(-9007199254740993n)
    const { inference, post } = plain(tensorOutput('y', 'INT64', [1], data))
    const response = await post(
      URL,
      '{"inputs": [{"name": "x", "datatype": "UINT64", "shape": [1], "data": [18446744073709551615]}]}',
    )
    expect(inference.requests[0]?.payloads[0]?.data).toEqual(new Uint8Array(8).fill(255))
    expect(response.body).toContain('"data":[-9007199254740993]')
  })

  it('addresses a method by the parameter `method`, which does not reach the wrapper', async () => {
    const { inference, post } = declaring()
    await post(URL, {
      parameters: { method: 'double' },
      inputs: [{ name: 'x', datatype: 'INT64', shape: [1], data: [4] }],
    })
    expect(inference.requests[0]).toMatchObject({ method: 'double', parameters: { sid: expect.any(String) } })
    expect(inference.requests[0]?.parameters).not.toHaveProperty('method')
  })

  it('asks for the outputs that it names', async () => {
    const { inference, post } = plain(textOutput('ok'))
    await post(URL, { inputs: [TEXT_INPUT], outputs: [{ name: 'result' }] })
    expect(inference.requests[0]?.accepts).toEqual([{ name: 'result', attributes: {} }])
  })

  it('has tensors and plain payloads side by side where the wrapper takes both', async () => {
    const model = modelInfoOf('m', { signature: SIGNATURE, schema: mnistSchema() })
    const inference = new FakeInference([model], () => resultOf(textOutput('ok')))
    const inputs = [
      { name: 'a', datatype: 'FP32', shape: [1, 2], data: [1, 2] },
      { name: 'img', datatype: 'BYTES', shape: [1], data: ['PNG'] },
    ]
    const response = await oipServer(inference).post(URL, { inputs, outputs: [{ name: 'result' }] })
    expect(response.json()).toMatchObject({ outputs: [{ name: 'result', data: ['ok'] }] })
    expect(inference.requests[0]?.payloads).toMatchObject([
      { key: 'a', tensor: { datatype: 'FP32', shape: [1, 2] } },
      { key: 'img', type: 'image', data: Buffer.from('PNG') },
    ])
  })

  it('writes a small float as the decimal that it stands for', async () => {
    const { post } = plain(tensorOutput('y', 'FP32', [2], floats(0.3, -1 / 3)))
    expect((await post(URL, { inputs: [TEXT_INPUT] })).payload).toContain('"data":[0.3,-0.33333334]')
  })

  it('has a deadline when it says so, in microseconds', async () => {
    const { inference, post } = plain()
    let left: number | undefined
    inference.answer = (_request, ctx: RequestContext) => {
      left = (ctx.deadline ?? 0) - performance.now()
      return resultOf(textOutput('ok'))
    }
    await post(URL, { parameters: { timeout: 5_000_000 }, inputs: [TEXT_INPUT] })
    expect(left).toBeGreaterThan(1000)
    expect(left).toBeLessThanOrEqual(5000)
  })

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ])('may be compressed with %s', async (encoding, compress) => {
    const { post, inference } = plain(textOutput('ok'))
    const body = compress(JSON.stringify({ inputs: [TEXT_INPUT] }))
    expect((await post(URL, body, { 'content-encoding': encoding })).statusCode).toBe(200)
    expect(inference.requests).toHaveLength(1)
    const bomb = compress(' '.repeat(100_000))
    expect((await post(URL, bomb, { 'content-encoding': encoding })).statusCode).toBe(413)
    expect((await post(URL, 'plain', { 'content-encoding': encoding })).json().error).toContain(`is not ${encoding}`)
  })
})

describe('binary data', () => {
  it('of inputs stands behind the JSON, in their order', async () => {
    const { inference, post } = plain(textOutput('ok'))
    const inputs = [
      { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } },
      { name: 'y', datatype: 'INT8', shape: [1], data: [7] },
      { name: 'img', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } },
    ]
    const { body, headers } = binaryBody({ inputs }, floats(Number.NaN, 1), Buffer.from('\x02\0\0\0hi'))
    expect((await post(URL, body, headers)).statusCode).toBe(200)
    expect(inference.requests[0]?.payloads.map(({ data }) => Buffer.from(data))).toEqual([
      floats(Number.NaN, 1),
      Buffer.from([7]),
      Buffer.from('hi'),
    ])
  })

  it('of outputs comes where the request wants it, for all or one by one', async () => {
    const outputs = [tensorOutput('a', 'FP32', [1], floats(Number.NaN)), textOutput('hi')]
    const { post } = plain(...outputs)
    const all = await post(URL, { parameters: { binary_data_output: true }, inputs: [TEXT_INPUT] })
    const length = Number(all.headers['inference-header-content-length'])
    expect(all.headers['content-type']).toBe('application/octet-stream')
    expect(JSON.parse(all.rawPayload.subarray(0, length).toString()).outputs).toEqual([
      { name: 'a', datatype: 'FP32', shape: [1], parameters: { binary_data_size: 4 } },
      { name: 'result', datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 6 } },
    ])
    expect(all.rawPayload.subarray(length)).toEqual(Buffer.concat([floats(Number.NaN), Buffer.from('\x02\0\0\0hi')]))

    const one = await post(URL, {
      parameters: { binary_data_output: true },
      inputs: [TEXT_INPUT],
      outputs: [{ name: 'a' }, { name: 'result', parameters: { binary_data: false } }],
    })
    const end = Number(one.headers['inference-header-content-length'])
    expect(JSON.parse(one.rawPayload.subarray(0, end).toString()).outputs[1].data).toEqual(['hi'])
    expect(one.rawPayload.length - end).toBe(4)
  })

  it('that is no text may be asked for in base64', async () => {
    const { post } = plain({ ...textOutput(''), data: Buffer.from([0xff]) })
    const wanted = { name: 'result', parameters: { content_type: 'base64' } }
    expect((await post(URL, { inputs: [TEXT_INPUT], outputs: [wanted] })).json().outputs).toEqual([
      { name: 'result', datatype: 'BYTES', shape: [1], parameters: { content_type: 'base64' }, data: ['/w=='] },
    ])
  })

  it.each([
    [
      'a header length past the body',
      '9999',
      Buffer.alloc(8),
      400,
      /Content-Length: 9999 is not a number of bytes up to/,
    ],
    ['a header length that is no number', '-1', Buffer.alloc(8), 400, /-1 is not a number of bytes/],
    ['a header length that cuts the JSON', '5', Buffer.alloc(8), 400, /^the body's head of 5 bytes is not JSON/],
    ['data that is cut off', undefined, Buffer.alloc(5), 400, /^tensor 'x': binary_data_size is 8, but only 5 bytes/],
    ['data that nobody wants', undefined, Buffer.alloc(9), 400, /^1 bytes at the end of the body belong to no input/],
  ])('with %s is refused', async (_name, length, data, status, text) => {
    const input = { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }
    const { body, headers } = binaryBody({ inputs: [input] }, data)
    const sent = length === undefined ? headers : { 'inference-header-content-length': length }
    const response = await plain().post(URL, body, sent)
    expect(response.statusCode).toBe(status)
    expect(response.json().error).toMatch(text)
  })

  it('without the header that says where it begins is refused', async () => {
    const input = { name: 'x', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }
    const response = await plain().post(URL, { inputs: [input] })
    expect(response.json().error).toBe("tensor 'x': binary_data_size needs the header Inference-Header-Content-Length")
  })
})

describe('a request that cannot be used', () => {
  const tensor = { name: 'x', datatype: 'INT32', shape: [2, 2], data: [1, 2, 3, 4] }
  it.each<[string, unknown, RegExp]>([
    ['no JSON', '{', /^the body is not JSON: /],
    [
      'lists in lists without end',
      `{"id": 1234567890123456789, "inputs": ${'['.repeat(20_000)}`,
      /^the body is nested deeper than 256$/,
    ],
    ['no object', '[]', /^the body is not a JSON object$/],
    ['no inputs', {}, /^the request has no inputs$/],
    ['inputs that are no list', { inputs: {} }, /^inputs: must be a list$/],
    ['an input that is no object', { inputs: [1] }, /^inputs\[0\]: must be an object$/],
    ['an input without a name', { inputs: [{ ...tensor, name: '' }] }, /^inputs\[0\]\.name: must be a text/],
    ['an unknown datatype', { inputs: [{ ...tensor, datatype: 'INT' }] }, /^tensor 'x': unknown datatype "INT"; it is/],
    [
      'a long number as datatype',
      '{"inputs":[{"name":"x","datatype":12345678901234567890,"shape":[1],"data":[1]}]}',
      /^tensor 'x': unknown datatype "12345678901234567890"; it is/,
    ],
    ['no shape', { inputs: [{ ...tensor, shape: undefined }] }, /^tensor 'x': its shape must be/],
    [
      'a shape that does not fit',
      { inputs: [{ ...tensor, shape: [3] }] },
      /the shape \[3\] has 3 elements, the data 4/,
    ],
    ['lists of another shape', { inputs: [{ ...tensor, data: [[1, 2, 3, 4]] }] }, /its lists have the shape \[1,4\]/],
    ['ragged lists', { inputs: [{ ...tensor, data: [[1, 2, 3], [4]] }] }, /must be equally long and equally deep/],
    ['mixed types', { inputs: [{ ...tensor, data: [1, 2, true, 4] }] }, /element 2 is true; INT32 takes a whole/],
    ['a text among numbers', { inputs: [{ ...tensor, data: [1, '2', 3, 4] }] }, /element 1 is "2"; INT32 takes/],
    ['a number out of range', { inputs: [{ ...tensor, data: [1, 2, 3, 2 ** 31] }] }, /element 3 is 2147483648; INT32/],
    ['NaN', '{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[NaN]}]}', /^the body is not JSON: /],
    ['an infinity', `{"inputs":[{"name":"x","datatype":"FP64","shape":[1],"data":[1e999]}]}`, /takes a finite number/],
    ['BF16 in JSON', { inputs: [{ ...tensor, datatype: 'BF16' }] }, /JSON has no BF16; send it as binary data/],
    [
      'no data',
      { inputs: [{ ...tensor, data: undefined }] },
      /neither a list `data` nor the parameter binary_data_size/,
    ],
    ['data twice', { inputs: [{ ...tensor, parameters: { binary_data_size: 16 } }] }, /both data and binary_data_size/],
    ['an input twice', { inputs: [tensor, tensor] }, /^tensor 'x': it is there twice among the inputs$/],
    ['an output twice', { inputs: [tensor], outputs: [{ name: 'a' }, { name: 'a' }] }, /twice among the outputs$/],
    [
      'a parameter that is a list',
      { inputs: [tensor], parameters: { a: [] } },
      /^parameters\.a: must be a text, a number/,
    ],
    [
      'base64 that is none',
      { inputs: [{ ...TEXT_INPUT, parameters: { content_type: 'base64' }, data: ['?'] }] },
      /illegal base64/,
    ],
    [
      'shared memory',
      { inputs: [{ ...tensor, parameters: { shared_memory_region: 'r' } }] },
      /shared memory is not there/,
    ],
    [
      'a classification',
      { inputs: [tensor], outputs: [{ name: 'a', parameters: { classification: 3 } }] },
      /classification is not/,
    ],
    [
      'a timeout that is none',
      { inputs: [tensor], parameters: { timeout: 'soon' } },
      /'timeout': soon is not a number of micro/,
    ],
    [
      'a method that is no text',
      { inputs: [tensor], parameters: { method: 1 } },
      /^parameter 'method': 1 is not a text$/,
    ],
    ['an id that is no text', { inputs: [tensor], id: 1 }, /^id: must be a text$/],
  ])('with %s is told so, and never reaches the model', async (_name, body, text) => {
    const { inference, post, refused } = plain()
    const response = await post(URL, body)
    expect(response.statusCode).toBe(400)
    expect(response.json()).toEqual({ error: expect.stringMatching(text) })
    expect(inference.requests).toEqual([])
    expect(refused).toHaveLength(1)
  })

  it('is held against the signature of the model', async () => {
    const { post } = declaring()
    const wrong = await post(URL, { inputs: [{ name: 'a', datatype: 'FP32', shape: [2], data: [1, 2] }] })
    expect(wrong.json().error).toBe("tensor 'a': its shape is [2], but the model takes [-1,2], where -1 is any size")
    const input = { name: 'a', datatype: 'FP32', shape: [1, 2], data: [1, 2] }
    const output = await post(URL, { inputs: [input], outputs: [{ name: 'b' }] })
    expect(output.json().error).toBe("output 'b': no such output; there is sum")
  })

  it.each([
    ['/v2/models/nobody/infer', 'no such service'],
    ['/v2/models/m/versions/7/infer', 'the model has no such version'],
  ])('goes to a model or version that is not there: %s', async (url, error) => {
    const response = await plain().post(url, { inputs: [tensor] })
    expect(response.statusCode).toBe(404)
    expect(response.json()).toEqual({ error })
  })
})

describe('an answer', () => {
  it.each<[string, Payload, RegExp]>([
    ['NaN', tensorOutput('y', 'FP32', [2], floats(0, Number.NaN)), /^output 'y' cannot .*element 1 is NaN, which JSON/],
    ['bytes that are no text', { ...textOutput(''), data: Buffer.from([255]) }, /ask for it with "binary_data": true/],
    ['BF16', tensorOutput('y', 'BF16', [1], Buffer.alloc(2)), /JSON has no BF16/],
    ['a shape that does not fit its data', tensorOutput('y', 'FP32', [2], floats(1)), /^wrapper output: tensor 'y'/],
  ])('with %s is an error of the wrapper in JSON', async (_name, output, text) => {
    const { post, refused } = plain(output)
    const response = await post(URL, { inputs: [TEXT_INPUT] })
    expect(response.statusCode).toBe(502)
    expect(response.json().error).toMatch(text)
    expect(refused).toEqual([])
  })

  it('without an output that was asked for is an error', async () => {
    const { post } = plain(textOutput('ok'))
    const response = await post(URL, { inputs: [TEXT_INPUT], outputs: [{ name: 'more' }] })
    expect(response.statusCode).toBe(502)
    expect(response.json().error).toBe("output 'more': no such output; there is result")
  })

  it('with an error has its text, and when to come again where that helps', async () => {
    const { inference, post } = plain()
    inference.answer = () => {
      throw new ServiceError('no_slot', 'all busy')
    }
    const response = await post(URL, { inputs: [TEXT_INPUT] })
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('1')
    expect(response.json()).toEqual({ error: 'all busy' })
  })
})
