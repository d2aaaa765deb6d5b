import { describe, expect, it } from 'vitest'
import type { ServiceError } from '../../../../src/core/error.js'
import type { TensorSpec } from '../../../../src/core/model.js'
import type { DataType } from '../../../../src/core/payload.js'
import { tensorOfElements } from '../../../../src/protocols/shared/tensor.js'
import { toPayloads, toTensor } from '../../../../src/protocols/shared/tensor-payload.js'
import { textOutput } from './fake-inference.js'

const schema = { inputs: new Map<string, DataType>([['img', 'image']]) }
const bytes = (name: string, ...elements: string[]) => tensorOfElements(name, 'BYTES', [elements.length], elements)
const numbers = (name: string, shape: number[]) => {
  return tensorOfElements(name, 'FP32', shape, Array(shape.reduce((a, b) => a * b, 1)).fill(1))
}
const spec = (name: string, more: Partial<TensorSpec> = {}): TensorSpec => {
  return { name, datatype: 'FP32', shape: [-1, 2], optional: false, ...more }
}

const refusalOf = (check: () => unknown): ServiceError => {
  try {
    check()
  } catch (error) {
    return error as ServiceError
  }
  throw new Error('it was not refused')
}

describe('inputs', () => {
  it('are plain payloads of the type in the schema where one BYTES element stands for them', () => {
    const [image, other] = toPayloads([bytes('img', 'JPEG'), bytes('more', 'x')], { declared: [], schema })
    expect(image).toEqual({ key: 'img', type: 'image', status: 3, attributes: {}, data: Buffer.from('JPEG') })
    expect(other).toMatchObject({ key: 'more', type: 'other', data: Buffer.from('x') })
    expect(other).not.toHaveProperty('tensor')
  })

  it('are tensors where they are declared, or not of BYTES, or of several elements', () => {
    const declared = [spec('img', { datatype: 'BYTES', shape: [1] })]
    expect(toPayloads([bytes('img', 'x')], { declared, schema })).toMatchObject([
      { key: 'img', type: 'other', tensor: { datatype: 'BYTES', shape: [1] }, data: Buffer.from('\x01\0\0\0x') },
    ])
    expect(toPayloads([numbers('a', [1]), bytes('b', 'x', 'y')], { declared: [] })).toMatchObject([
      { tensor: { datatype: 'FP32', shape: [1] } },
      { tensor: { datatype: 'BYTES', shape: [2] } },
    ])
  })

  it('are plain beside declared ones where the schema has them, and no other is taken', () => {
    const inputs = { declared: [spec('a')], schema }
    expect(toPayloads([numbers('a', [1, 2]), bytes('img', 'JPEG')], inputs)).toMatchObject([
      { key: 'a', tensor: { datatype: 'FP32', shape: [1, 2] } },
      { key: 'img', type: 'image', data: Buffer.from('JPEG') },
    ])
    const error = refusalOf(() => toPayloads([numbers('a', [1, 2]), bytes('b', 'x')], inputs))
    expect(error.message).toBe("tensor 'b': no such input; there is a, img")
  })

  it('are refused when the schema has one piece of data where several elements come', () => {
    const error = refusalOf(() => toPayloads([bytes('img', 'x', 'y')], { declared: [], schema }))
    expect(error.message).toBe("tensor 'img': it has 2 elements, but the model takes one")
  })

  it.each([
    ['another name', [numbers('b', [1, 2])], "tensor 'b': no such input; there is a, c"],
    ['none', [], "tensor 'a': it is missing; the inputs are a, c"],
    ['another datatype', [bytes('a', 'x')], "tensor 'a': its datatype is BYTES, but the model takes FP32"],
    [
      'another size',
      [numbers('a', [1, 3])],
      "tensor 'a': its shape is [1,3], but the model takes [-1,2], where -1 is any size",
    ],
    [
      'another rank',
      [numbers('a', [2])],
      "tensor 'a': its shape is [2], but the model takes [-1,2], where -1 is any size",
    ],
  ])('are held against what the call declares: %s', (_name, tensors, message) => {
    const declared = [spec('a'), spec('c', { optional: true })]
    expect(refusalOf(() => toPayloads(tensors, { declared }))).toMatchObject({ reason: 'tensor_invalid', message })
    expect(toPayloads([numbers('a', [5, 2])], { declared })).toHaveLength(1)
  })
})

describe('outputs', () => {
  it('that are plain are BYTES of one element', () => {
    const { name, datatype, shape, data } = toTensor(textOutput('hi'))
    expect({ name, datatype, shape }).toEqual({ name: 'result', datatype: 'BYTES', shape: [1] })
    expect(String(data)).toBe('\x02\0\0\0hi')
  })

  it('keep the tensor that they are', () => {
    const tensor = { datatype: 'UINT8', shape: [2] }
    expect(toTensor({ ...textOutput('hi'), tensor })).toMatchObject({ ...tensor, name: 'result' })
  })

  it.each([
    [{ datatype: 'UINT8', shape: [3] }, 'UINT8 of the shape [3] has 3 bytes, the data has 2'],
    [{ datatype: 'FLOAT', shape: [2] }, 'unknown datatype "FLOAT"'],
  ])('that do not fit themselves are the wrapper’s fault: %j', (tensor, text) => {
    const error = refusalOf(() => toTensor({ ...textOutput('hi'), tensor }))
    expect(error.reason).toBe('output_mismatch')
    expect(error.message).toContain(text)
  })
})
