import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { decodePayloads, parseBody } from '../../../src/protocols/ase/codec.js'
import { readValue } from '../../../src/protocols/mindspore/instance-value.js'
import { readInstances } from '../../../src/protocols/mindspore/request.js'
import { decodeInferBody } from '../../../src/protocols/oip/body-codec.js'

/** So much space behind a body makes it a large one, whose lists are not read before it is known what they are to be. */
const SPACE = ' '.repeat(64 * 1024)

/** What becomes of something, errors included. */
function outcome(work: () => unknown): unknown {
  try {
    return work()
  } catch (error) {
    return error instanceof ServiceError ? `${error.reason}: ${error.message}` : error
  }
}

const LISTS = [
  '[]',
  '[[],[]]',
  '[1]',
  '[ 1 ,\n2,\t-3 ]',
  '[[1,2],[3,4]]',
  '[[1,2],[3]]',
  '[[1],2]',
  '[1,[2]]',
  '[[[1]],[[2,3]]]',
  '[[],[[1]]]',
  '[0,-0,255,256,-128,-129,65535,65536]',
  '[2147483647,-2147483648]',
  '[2147483648]',
  '[4294967295,4294967296]',
  '[123456789012345,-123456789012345]',
  '[1234567890123456,9007199254740993,-9007199254740993]',
  '[9223372036854775807,-9223372036854775808]',
  '[9223372036854775808]',
  '[18446744073709551615]',
  '[18446744073709551616]',
  '[1234567890123456789012345678901234567890]',
  '[0.1,0.2,0.30000000000000004,-0.0,1e3,1E-7,-1.5e+2,123456.789012345,1234567890.12345678]',
  '[1.0,2.0]',
  '[1e17,1e18,1.8e19,1e20]',
  '[0.1,1.7976931348623157e308,2.2250738585072014e-308,5e-324,4.9406564584124654e-324]',
  '[3.4028235e38,3.5e38]',
  '[1e999]',
  '[65504,65520,5.960464477539063e-8,2.98e-8]',
  '[0.000000000000001,0.1234567890123456,1.23456789012345,999999999999999.9,9007199254740993.5]',
  '[1,2.5]',
  '[true,false,true]',
  '[true,1]',
  '[1,true]',
  '[null]',
  '[1,null]',
  '["a"]',
  '[ [ "a" , "" ] , [ "é, [b]" , "数" ] ]',
  '["a","é","\\u00e9\\n"]',
  '[1,"a long text that is not shown"]',
  '[1,{"a":[1]}]',
  '[{"b64":"AAA="}]',
  '[[{"b64":"AAA="}]]',
  '["YQ=="]',
  `${'['.repeat(65)}1${']'.repeat(65)}`,
  `[[1],${'['.repeat(70)}1${']'.repeat(70)}]`,
]

const DATATYPES = [
  ...['BOOL', 'UINT8', 'UINT16', 'UINT32', 'UINT64', 'INT8', 'INT16', 'INT32', 'INT64'],
  ...['FP16', 'BF16', 'FP32', 'FP64', 'BYTES'],
]

describe('a list that stands in a large body', () => {
  it.each(LISTS)('%s becomes the same tensor over OIP as in a small one', list => {
    const sizes = [[], [1], [2], [3], [4], [8], [2, 2], [2, 0], [5]]
    for (const datatype of DATATYPES) {
      for (const shape of sizes) {
        const body = `{"inputs":[{"name":"x","data":${list},"datatype":"${datatype}","shape":${JSON.stringify(shape)}}]}`
        const decode = (text: string) => outcome(() => decodeInferBody(Buffer.from(text), undefined))
        expect(decode(body + SPACE), `${datatype} ${shape}`).toEqual(decode(body))
      }
    }
  })

  it.each(LISTS)('%s becomes the same value over MindSpore as in a small one', list => {
    const body = `{"instances":[{"x":${list}}]}`
    for (const declared of [undefined, ...DATATYPES]) {
      const read = (text: string) => outcome(() => readValue(readInstances(Buffer.from(text))[0]?.['x'], 'x', declared))
      expect(read(body + SPACE), declared).toEqual(read(body))
    }
  })

  it.each([...LISTS, '[ 1.0 , 1e400,"é" ]'])('%s is handed over as it is written, with ASE', list => {
    const body = `{"payload":{"x":{"text":${list},"format":"json"},"y":{"other":"YQ==","note":[1]}}}`
    const read = (text: string) => outcome(() => decodePayloads(parseBody(Buffer.from(text))))
    expect(read(body + SPACE)).toEqual(read(body))
  })

  it('is not even copied with ASE', () => {
    const body = Buffer.from(`{"payload":{"x":{"other":[${'1,'.repeat(100_000)}1]}}}`)
    expect(decodePayloads(parseBody(body))[0]?.data.buffer).toBe(body.buffer)
  })

  it('is rounded as JSON.parse rounds it, whatever its digits', () => {
    const texts = Array.from({ length: 20_000 }, (_, index) => {
      const value = Math.sin(index) * 10 ** ((index % 40) - 20)
      return [String(value), value.toFixed(index % 20), value.toPrecision(1 + (index % 21))][index % 3]
    })
    const body = `{"inputs":[{"name":"x","datatype":"FP64","shape":[${texts.length}],"data":[${texts}]}]}`
    const [tensor] = decodeInferBody(Buffer.from(body), undefined).inputs
    const expected = Float64Array.from(JSON.parse(`[${texts}]`))
    expect(Buffer.from(expected.buffer).equals(tensor?.data ?? Buffer.alloc(0))).toBe(true)
  })
})

/** Times what JSON.parse takes: about 2, and 6 and 19 when a value was made of each number. */
const MOST = { oip: 5, mindspore: 8 } as const

/** CPU time in µs that something takes of this process at best. */
function leastCpu(work: () => unknown): number {
  const times = Array.from({ length: 3 }, () => {
    const begun = process.cpuUsage()
    work()
    const { user, system } = process.cpuUsage(begun)
    return user + system
  })
  return Math.min(...times)
}

describe('a list of a million numbers', () => {
  const kinds = {
    'whole numbers': Array.from({ length: 1_000_000 }, (_, index) => `${index % 1000}`),
    'numbers with a fraction': Array.from({ length: 1_000_000 }, (_, index) => `${index % 100}.${index % 97}1`),
    pairs: Array.from({ length: 500_000 }, (_, index) => `[${index % 1000},${index % 997}]`),
  }
  it.each(Object.entries(kinds))('of %s costs little more than JSON.parse', (_kind, numbers) => {
    const list = `[${numbers}]`
    const shape = list.startsWith('[[') ? [500_000, 2] : [1_000_000]
    const inputs = Buffer.from(
      `{"inputs":[{"name":"x","datatype":"FP32","shape":${JSON.stringify(shape)},"data":${list}}]}`,
    )
    const instances = Buffer.from(`{"instances":[{"x":${list}}]}`)
    const parsed = leastCpu(() => JSON.parse(list))
    expect(leastCpu(() => decodeInferBody(inputs, undefined)) / parsed).toBeLessThan(MOST.oip)
    const read = () => readValue(readInstances(instances)[0]?.['x'], 'x')
    expect(leastCpu(read) / parsed).toBeLessThan(MOST.mindspore)
  })
})

describe('a body that is made to be slow', () => {
  const infer = (text: string) => () => outcome(() => decodeInferBody(Buffer.from(text), undefined))
  const ofOne = (data: string) => `{"inputs":[{"name":"x","datatype":"BYTES","shape":[1],"data":${data}}]}`
  const numbers = `[${'1,'.repeat(300_000)}1]`
  // And how many times as long as JSON.parse each may take, which is four times what it does.
  const bodies: Readonly<Record<string, readonly [string, number]>> = {
    'the same member again and again': [`{"inputs":[{${'"data":[1],'.repeat(40_000)}"name":"x"}]}`, 100],
    'inputs that are numbers': [`{"inputs":${numbers}}`, 16],
    'many letters that are escaped': [ofOne(`["${'\\u0041'.repeat(500_000)}"]`), 20],
  }
  it.each(Object.entries(bodies))('with %s costs little more than JSON.parse', (_kind, [body, most]) => {
    const parsed = leastCpu(() => JSON.parse(body))
    expect(leastCpu(infer(body)) / parsed).toBeLessThan(most)
  })

  it('with a long text over MindSpore costs little more than JSON.parse', () => {
    const body = `{"instances":[{"x":"${'a b\\n'.repeat(400_000)}"}]}`
    const parsed = leastCpu(() => JSON.parse(body))
    expect(leastCpu(() => readInstances(Buffer.from(body))) / parsed).toBeLessThan(20)
  })
})
