import { describe, expect, it } from 'vitest'
import { forDecimal } from '../../../../src/protocols/shared/float-decimal.js'
import { elementsOf, tensorOfBytes } from '../../../../src/protocols/shared/tensor.js'
import { FIXED_DATATYPES, type FixedDatatypeName } from '../../../../src/protocols/shared/tensor-datatype.js'
import { findStrange, tensorText } from '../../../../src/protocols/shared/tensor-text.js'

const NAMES = Object.keys(FIXED_DATATYPES) as FixedDatatypeName[]

function tensorOf(datatype: FixedDatatypeName, shape: number[], data: Uint8Array) {
  return { ...tensorOfBytes({ name: 'x', datatype, shape, data }), datatype }
}

/** Bytes that look like nothing in particular, but are the same each time. */
function someBytes(count: number): Uint8Array {
  let state = 1
  return Uint8Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff
    return state >> 16
  })
}

describe('the text of a tensor', () => {
  it.each(NAMES)('of %s has each element as forDecimal has it', datatype => {
    const tensor = tensorOf(datatype, [40_000], someBytes(40_000 * FIXED_DATATYPES[datatype].size))
    const elements = elementsOf(tensor).map(element => String(forDecimal(element, datatype)))
    expect(tensorText(tensor, [40_000], false).slice(1, -1).split(',')).toEqual(elements)
  })

  it('of floats of every size and number of digits is the one that forDecimal has', () => {
    const values = Array.from({ length: 60_000 }, (_, index) => {
      const value = Math.sin(index) * 10 ** ((index % 30) - 15)
      return Number(value.toPrecision(1 + (index % 12)))
    })
    for (const [datatype, elements] of [
      ['FP32', Float32Array.from(values)],
      ['FP64', Float64Array.from(values)],
    ] as const) {
      const tensor = tensorOf(datatype, [60_000], new Uint8Array(elements.buffer))
      const texts = Array.from(elements, element => String(forDecimal(element, datatype)))
      expect(tensorText(tensor, [60_000], false).slice(1, -1).split(',')).toEqual(texts)
    }
  })

  it.each([
    [[], '1.0'],
    [[1], '[1.0]'],
    [[2, 2], '[[1.0,-0.0],[0.5,1e+21]]'],
    [[2, 1, 2], '[[[1.0,-0.0]],[[0.5,1e+21]]]'],
    [[2, 0], '[[],[]]'],
    [[0, 2], '[]'],
  ])('in lists of the shape %j is %s', (shape, text) => {
    const data = new Uint8Array(Float64Array.of(1, -0, 0.5, 1e21).buffer)
    const count = shape.reduce((product, size) => product * size, 1)
    expect(tensorText(tensorOf('FP64', shape, data.subarray(0, count * 8)), shape, true)).toBe(text)
  })

  it('knows whole numbers and truths, which never have a fraction', () => {
    const data = new Uint8Array(BigInt64Array.of(-(2n ** 63n), 9_007_199_254_740_991n, -1_000_000_000n, 0n).buffer)
    expect(tensorText(tensorOf('INT64', [4], data), [4], true)).toBe(
      '[-9223372036854775808,9007199254740991,-1000000000,0]',
    )
    expect(tensorText(tensorOf('BOOL', [2], Uint8Array.of(1, 0)), [2], true)).toBe('[true,false]')
  })

  it('cannot have NaN and infinities, which are found', () => {
    const data = new Uint8Array(Float32Array.of(1, Number.NEGATIVE_INFINITY, Number.NaN).buffer)
    expect(findStrange(tensorOf('FP32', [3], data))).toEqual({ index: 1, value: Number.NEGATIVE_INFINITY })
    expect(findStrange(tensorOf('FP32', [1], data.subarray(0, 4)))).toBeUndefined()
  })
})
