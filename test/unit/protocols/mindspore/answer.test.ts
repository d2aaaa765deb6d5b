import { describe, expect, it } from 'vitest'
import type { Payload } from '../../../../src/core/payload.js'
import { encodeInstance } from '../../../../src/protocols/mindspore/answer.js'
import { joinElements, tensorOfElements } from '../../../../src/protocols/shared/tensor.js'
import type { Datatype } from '../../../../src/protocols/shared/tensor-datatype.js'
import { resultOf, textOutput } from '../shared/fake-inference.js'
import { output, tensorOutput } from './mindspore-server.js'

const encode = (...payloads: Payload[]) => encodeInstance(resultOf(...payloads))
const tensor = (datatype: Datatype, shape: number[], elements: unknown[]) =>
  tensorOutput('y', tensorOfElements('y', datatype, shape, elements).data, { datatype, shape })

describe('encodeInstance', () => {
  it.each([
    ['INT32', [], [7], '7'],
    ['INT32', [1], [7], '[7]'],
    ['INT8', [3, 2], [1, 1, 2, 3, 3, -4], '[[1,1],[2,3],[3,-4]]'],
    ['INT64', [2], [9223372036854775807n, -1n], '[9223372036854775807,-1]'],
    ['UINT64', [], [18446744073709551615n], '18446744073709551615'],
    ['BOOL', [2, 1], [true, false], '[[true],[false]]'],
    ['FP32', [], [1], '1.0'],
    ['FP32', [3], [0.5, -2, 2 ** 70], '[0.5,-2.0,1.1805916e+21]'],
    ['FP16', [2, 1, 1], [1.5, 65504], '[[[1.5]],[[65504.0]]]'],
    ['BF16', [1], [3], '[3.0]'],
    ['FP64', [2], [0.1, -0], '[0.1,-0.0]'],
    ['INT32', [0], [], '[]'],
    ['INT32', [2, 0], [], '[[],[]]'],
    ['INT32', [0, 2], [], '[]'],
    ['BYTES', [], ['a'], '{"b64":"YQ=="}'],
    ['BYTES', [2], ['a', ''], '[{"b64":"YQ=="},{"b64":""}]'],
  ] as [Datatype, number[], unknown[], string][])(
    'renders %s of the shape %j',
    (datatype, shape, elements, expected) => {
      expect(encode(tensor(datatype, shape, elements))).toBe(`{"y":${expected}}`)
    },
  )

  it('renders texts as they are, also JSON and texts in a tensor, and everything else in base64', () => {
    const bytes = Buffer.from([0, 255])
    const texts = output('t', joinElements([Buffer.from('数')]), {
      type: 'text',
      tensor: { datatype: 'BYTES', shape: [1] },
    })
    const image = output('i', bytes, { type: 'image' })
    expect(JSON.parse(encode(textOutput('{"result": 7}'), texts, image, output('o', bytes)))).toEqual({
      result: '{"result": 7}',
      t: ['数'],
      i: { b64: 'AP8=' },
      o: { b64: 'AP8=' },
    })
  })

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses %s, which JSON does not have', value => {
    const data = Buffer.alloc(8)
    data.writeDoubleLE(value)
    const broken = tensorOutput('y', data, { datatype: 'FP64', shape: [1] })
    expect(() => encode(broken)).toThrow(`output 'y' has the value ${value}`)
  })

  it('refuses a tensor whose data does not fit its shape', () => {
    const broken = tensorOutput('y', Buffer.alloc(3), { datatype: 'INT32', shape: [1] })
    expect(() => encode(broken)).toThrow(expect.objectContaining({ reason: 'output_mismatch' }))
  })
})
