import { describe, expect, it } from 'vitest'
import type { Reason } from '../../../../src/core/error.js'
import { readValue } from '../../../../src/protocols/mindspore/instance-value.js'
import { parseTypedJson } from '../../../../src/protocols/mindspore/typed-json.js'
import { elementsOf, type Tensor } from '../../../../src/protocols/shared/tensor.js'

const read = (json: string, declared?: string) => readValue(parseTypedJson(json), 'x', declared)

/** Datatype, shape and elements of a value that is a tensor. */
function tensor(json: string, declared?: string) {
  const { datatype, shape, ...rest } = read(json, declared) as Tensor
  if (datatype === 'BYTES') throw new Error('numbers are never BYTES')
  return [datatype, shape, elementsOf({ ...rest, datatype, shape })]
}

describe('a number or boolean', () => {
  it.each([
    ['1', 'INT32', [], [1]],
    ['-2147483648', 'INT32', [], [-2147483648]],
    ['1.0', 'FP32', [], [1]],
    ['1e2', 'FP32', [], [100]],
    ['1.1', 'FP32', [], [Math.fround(1.1)]],
    ['true', 'BOOL', [], [true]],
    ['[1,2,3,4]', 'INT32', [4], [1, 2, 3, 4]],
    ['[[1.2, 2.3], [3.0, 4.5]]', 'FP32', [2, 2], [1.2, 2.3, 3, 4.5].map(Math.fround)],
    ['[[true],[false]]', 'BOOL', [2, 1], [true, false]],
    ['[[1,1],[2,3],[3,4]]', 'INT32', [3, 2], [1, 1, 2, 3, 3, 4]],
    ['[[[[7]]]]', 'INT32', [1, 1, 1, 1], [7]],
  ])('is read from %s', (json, datatype, shape, elements) => {
    expect(tensor(json)).toEqual([datatype, shape, elements])
  })

  it.each([
    ['[1, 300]', 'UINT16', [1, 300]],
    ['[9007199254740993]', 'INT64', [9007199254740993n]],
    ['[18446744073709551615]', 'UINT64', [18446744073709551615n]],
    ['[1.5]', 'FP64', [1.5]],
    ['[0.5]', 'FP16', [0.5]],
    ['[1, 2]', 'FP32', [1, 2]],
  ])('%s takes the datatype %s that the model declares', (json, datatype, elements) => {
    expect(tensor(json, datatype)).toEqual([datatype, [elements.length], elements])
  })

  it.each([
    ['[1]', 'BOOL', 'INT32'],
    ['[1.5]', 'INT32', 'FP32'],
    ['[true]', 'UINT8', 'BOOL'],
    ['[1]', 'BYTES', 'INT32'],
  ])('%s does not take the datatype %s, which is of another kind', (json, declared, datatype) => {
    expect(tensor(json, declared)[0]).toBe(datatype)
  })

  it.each([
    ['null', 'null, which is not supported'],
    ['2147483648', 'element 0 is 2147483648; INT32 takes a whole number from -2147483648 to 2147483647'],
    ['[1,-2147483649]', 'element 1 is -2147483649'],
    ['99999999999999999999', 'element 0 is 99999999999999999999'],
    ['3.5e38', 'FP32 takes a finite number within its range'],
    ['1e400', 'FP32 takes a finite number within its range'],
    ['[]', 'the shape of its lists is [0]: none may be empty'],
    ['[[],[]]', 'the shape of its lists is [2,0]: none may be empty'],
    ['[[1,2],[3]]', 'its lists must be equally long and equally deep'],
    ['[[1],2]', 'its lists must be equally long and equally deep'],
    ['[1,[2]]', 'its lists must be equally long and equally deep'],
    ['[1,2.0]', 'its elements must all be'],
    ['[2.0,1]', 'its elements must all be'],
    ['[true,1]', 'its elements must all be'],
    ['[1,true]', 'its elements must all be'],
    ['[1.5,"a"]', 'its elements must all be'],
    ['[1,null]', 'its elements must all be'],
    ['[null,1]', 'its elements must all be'],
    ['[null]', 'its elements must all be'],
    ['[true,{"b64":""}]', 'its elements must all be'],
  ])('is refused in %s', (json, text) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ reason: 'tensor_invalid' }))
    expect(() => read(json)).toThrow(text)
  })
})

describe('a string or bytes', () => {
  const hello = Buffer.from('hello')
  it.each([
    ['"hello"', true, []],
    ['["hello"]', true, [1]],
    ['{"b64":"aGVsbG8=","type":"str"}', true, [1]],
    ['{"b64":"aGVsbG8=","type":"str","shape":[]}', true, []],
    ['{"b64":"aGVsbG8="}', false, [1]],
    ['{"b64":"aGVsbG8=","type":"bytes"}', false, [1]],
    ['{"b64":"aGVsbG8=","shape":[1]}', false, [1]],
    ['{"b64":"aGVsbG8=","shape":[]}', false, []],
    ['[{"b64":"aGVsbG8="}]', false, [1]],
    ['[{"b64":"aGVsbG8=","type":"str"}]', true, [1]],
  ])('is read from %s', (json, isText, shape) => {
    expect(read(json)).toEqual({ name: 'x', isText, data: hello, shape })
  })

  it.each(['""', '{"b64":"","type":"str"}', '{"b64":""}'])('may be empty: %s', json => {
    expect(read(json)).toMatchObject({ data: Buffer.alloc(0) })
  })

  it.each([
    ['["a","b"]', 'a list takes strings and bytes only as its one item'],
    ['[["a"]]', 'a list takes strings and bytes only as its one item'],
    ['["a",1]', 'a list takes strings and bytes only as its one item'],
    ['[{"b64":""},{"b64":""}]', 'a list takes strings and bytes only as its one item'],
    ['[{"b64":"AQA=","type":"int16"}]', 'a list takes strings and bytes only as its one item'],
    ['{"b64":"YQ==","shape":[0]}', 'bytes has one item, so its shape is [] or [1], not [0]'],
    ['{"b64":"YQ==","shape":[2]}', 'bytes has one item'],
    ['{"b64":"YQ==","type":"str","shape":[1,1]}', 'str has one item'],
  ])('is refused in %s', (json, text) => {
    expect(() => read(json)).toThrow(text)
  })
})

describe('base64 with a type', () => {
  const b64 = (bytes: number[]) => Buffer.from(bytes).toString('base64')
  it.each([
    ['int8', [255], 'INT8', [-1]],
    ['int16', [255, 255], 'INT16', [-1]],
    ['int32', [254, 255, 255, 255], 'INT32', [-2]],
    ['int64', [1, 0, 0, 0, 0, 0, 0, 128], 'INT64', [-9223372036854775807n]],
    ['uint8', [255], 'UINT8', [255]],
    ['uint16', [255, 255], 'UINT16', [65535]],
    ['uint32', [255, 255, 255, 255], 'UINT32', [4294967295]],
    ['uint64', [255, 255, 255, 255, 255, 255, 255, 255], 'UINT64', [18446744073709551615n]],
    ['fp16', [0, 60], 'FP16', [1]],
    ['f16', [0, 60], 'FP16', [1]],
    ['float16', [0, 60], 'FP16', [1]],
    ['fp32', [0, 0, 128, 63], 'FP32', [1]],
    ['f32', [0, 0, 128, 63], 'FP32', [1]],
    ['float32', [0, 0, 128, 63], 'FP32', [1]],
    ['fp64', [0, 0, 0, 0, 0, 0, 240, 63], 'FP64', [1]],
    ['f64', [0, 0, 0, 0, 0, 0, 240, 63], 'FP64', [1]],
    ['float64', [0, 0, 0, 0, 0, 0, 240, 63], 'FP64', [1]],
    ['bool', [1], 'BOOL', [true]],
  ])('is read as %s', (type, bytes, datatype, elements) => {
    expect(tensor(JSON.stringify({ b64: b64(bytes), type }))).toEqual([datatype, [1], elements])
  })

  it('has the example of the protocol', () => {
    const json = '{"b64":"AQABAAIAAwADAAQA","type":"int16","shape":[3,2]}'
    expect(tensor(json)).toEqual(['INT16', [3, 2], [1, 1, 2, 3, 3, 4]])
  })

  it.each([
    ['{"b64":"","type":"int32","shape":[0]}', [0]],
    ['{"b64":"","type":"int32","shape":[1,0]}', [1, 0]],
  ])('may be empty in its last dimension: %s', (json, shape) => {
    expect(tensor(json)).toEqual(['INT32', shape, []])
  })

  it.each([
    ['{}', 'tensor_invalid', 'its b64 must be a string'],
    ['{"type":"fp16","shape":[1]}', 'tensor_invalid', 'its b64 must be a string'],
    ['{"b64":123}', 'tensor_invalid', 'its b64 must be a string'],
    ['{"b64":null}', 'tensor_invalid', 'its b64 must be a string'],
    ['{"b64":"+==+=="}', 'payload_undecodable', "input 'x': illegal base64 data at input byte 1"],
    ['{"b64":"AA==","type":"int7"}', 'tensor_invalid', 'its type is unknown; it is one of int8, int16'],
    ['{"b64":"AA==","type":""}', 'tensor_invalid', 'its type is unknown'],
    ['{"b64":"AA==","type":1}', 'tensor_invalid', 'its type is unknown'],
    ['{"b64":"AA==","type":null}', 'tensor_invalid', 'its type is unknown'],
    ['{"b64":"AA==","type":"toString"}', 'tensor_invalid', 'its type is unknown'],
    ['{"b64":"AA==","shap":[1]}', 'tensor_invalid', "it has 'shap'; an object takes b64, type and shape"],
    ['{"b64":"AA==","type":"int16"}', 'tensor_invalid', 'INT16 of the shape [1] has 2 bytes, the data has 1'],
    ['{"b64":"","type":"fp16","shape":[1]}', 'tensor_invalid', 'has 2 bytes, the data has 0'],
    ['{"b64":"AAAA","type":"int8","shape":[2]}', 'tensor_invalid', 'has 2 bytes, the data has 3'],
    ['{"b64":"AAAA","type":"int8","shape":[]}', 'tensor_invalid', 'has 1 bytes, the data has 3'],
    ['{"b64":"AA==","type":"int8","shape":1}', 'tensor_invalid', 'its shape must be a list of whole numbers'],
    ['{"b64":"AA==","type":"int8","shape":null}', 'tensor_invalid', 'its shape must be a list of whole numbers'],
    ['{"b64":"AA==","type":"int8","shape":[[]]}', 'tensor_invalid', 'its shape must be a list of whole numbers'],
    ['{"b64":"AA==","type":"int8","shape":["1"]}', 'tensor_invalid', 'its shape must be a list of whole numbers'],
    ['{"b64":"AA==","type":"int8","shape":[1.1]}', 'tensor_invalid', 'its shape must be a list of whole numbers'],
    ['{"b64":"AA==","type":"int8","shape":[-1]}', 'tensor_invalid', 'its shape must be a list of whole numbers'],
    ['{"b64":"","type":"int8","shape":[1,2,0,1]}', 'tensor_invalid', 'only the last dimension may be empty'],
    ['{"b64":"/w==","type":"str"}', 'payload_undecodable', "input 'x': a str must be UTF-8"],
  ] as [string, Reason, string][])('is refused in %s', (json, reason, text) => {
    expect(() => read(json)).toThrow(expect.objectContaining({ reason }))
    expect(() => read(json)).toThrow(text)
  })
})
