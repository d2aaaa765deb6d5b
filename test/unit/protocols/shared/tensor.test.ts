import { describe, expect, it } from 'vitest'
import {
  checkShape,
  elementsOf,
  flatten,
  joinElements,
  splitElements,
  tensorOfBytes,
  tensorOfElements,
} from '../../../../src/protocols/shared/tensor.js'
import { type Datatype, datatypeOf } from '../../../../src/protocols/shared/tensor-datatype.js'

const hex = (data: Uint8Array) => Buffer.from(data).toString('hex')

/** What a check is refused with. */
function refusal(check: () => unknown): string {
  try {
    check()
  } catch (error) {
    expect(error).toMatchObject({ reason: 'tensor_invalid' })
    return (error as Error).message
  }
  throw new Error('it was not refused')
}

type Row = readonly [Exclude<Datatype, 'BYTES'>, readonly (boolean | number | bigint)[], string]

const ROWS: readonly Row[] = [
  ['BOOL', [true, false], '0100'],
  ['UINT8', [0, 255], '00ff'],
  ['INT8', [-128, 127], '807f'],
  ['UINT16', [1, 65535], '0100ffff'],
  ['INT16', [-32768, 2], '00800200'],
  ['UINT32', [4294967295], 'ffffffff'],
  ['INT32', [-2147483648, 7], '0000008007000000'],
  ['UINT64', [18446744073709551615n], 'ffffffffffffffff'],
  ['INT64', [-9223372036854775808n, 9007199254740993n], '00000000000000800100000000002000'],
  ['FP16', [1, -0.5], '003c00b8'],
  ['BF16', [1, -0.5], '803f00bf'],
  ['FP32', [1.5, -2], '0000c03f000000c0'],
  ['FP64', [0.1], '9a9999999999b93f'],
]

describe('a tensor', () => {
  it.each(ROWS)('of %s has its elements little-endian, and gives them back', (datatype, elements, bytes) => {
    const tensor = tensorOfElements('x', datatype, [elements.length], elements)
    expect(hex(tensor.data)).toBe(bytes)
    expect(elementsOf({ ...tensor, datatype })).toEqual(elements)
  })

  it('takes whole numbers in either form for 64 bits, and no fraction', () => {
    expect(elementsOf({ ...tensorOfElements('x', 'INT64', [2], [-1, 5n]), datatype: 'INT64' })).toEqual([-1n, 5n])
    expect(refusal(() => tensorOfElements('x', 'INT64', [1], [1.5]))).toContain('takes a whole number')
  })

  it.each<[Datatype, unknown, string]>([
    ['UINT8', 256, 'a whole number from 0 to 255'],
    ['INT8', -129, 'a whole number from -128 to 127'],
    ['INT32', 1.5, 'a whole number from -2147483648 to 2147483647'],
    ['INT32', true, 'a whole number from -2147483648 to 2147483647'],
    ['INT32', 5n, 'a whole number from -2147483648 to 2147483647'],
    ['INT64', 2n ** 63n, 'a whole number from -9223372036854775808 to 9223372036854775807'],
    ['UINT64', -1, 'a whole number from 0 to 18446744073709551615'],
    ['BOOL', 1, 'true or false'],
    ['FP16', 65520, 'a finite number within its range'],
    ['FP32', 1e39, 'a finite number within its range'],
    ['FP64', Number.NaN, 'a finite number within its range'],
    ['FP64', Number.POSITIVE_INFINITY, 'a finite number within its range'],
    ['FP64', '1', 'a finite number within its range'],
    ['FP32', null, 'a finite number within its range'],
    ['BYTES', 1, 'a text'],
  ])('of %s refuses %s and says what it takes', (datatype, element, allowed) => {
    const good = datatype === 'BYTES' ? 'a' : datatype === 'BOOL' ? true : 1
    const message = refusal(() => tensorOfElements('x', datatype, [2], [good, element]))
    expect(message).toMatch(/^tensor 'x': element 1 is /)
    expect(message).toContain(`${datatype} takes ${allowed}`)
  })

  it('refuses elements or bytes that do not fill its shape', () => {
    expect(refusal(() => tensorOfElements('x', 'INT32', [2, 2], [1, 2, 3]))).toBe(
      "tensor 'x': the shape [2,2] has 4 elements, the data 3",
    )
    const data = new Uint8Array(7)
    expect(refusal(() => tensorOfBytes({ name: 'x', datatype: 'FP32', shape: [2], data }))).toBe(
      "tensor 'x': FP32 of the shape [2] has 8 bytes, the data has 7",
    )
    expect(refusal(() => tensorOfBytes({ name: 'x', datatype: 'BYTES', shape: [2], data: new Uint8Array(4) }))).toBe(
      "tensor 'x': the shape [2] has 2 elements, the data 1",
    )
  })

  it('may be a scalar, or empty', () => {
    expect(tensorOfElements('x', 'INT8', [], [3]).data).toHaveLength(1)
    expect(tensorOfBytes({ name: 'x', datatype: 'FP32', shape: [0, 3], data: new Uint8Array() }).data).toHaveLength(0)
  })

  it('reads data that does not begin where its buffer does', () => {
    const data = Buffer.from('ff0000c03f', 'hex').subarray(1)
    expect(elementsOf({ name: 'x', datatype: 'FP32', shape: [1], data })).toEqual([1.5])
  })
})

describe('BYTES elements', () => {
  it('have their length in 4 bytes, little-endian, before them', () => {
    const tensor = tensorOfElements('x', 'BYTES', [3], ['ab', '', Buffer.from([255])])
    expect(hex(tensor.data)).toBe('0200000061620000000001000000ff')
    expect(splitElements(tensor.data, 'x').map(hex)).toEqual(['6162', '', 'ff'])
    expect(hex(joinElements([]))).toBe('')
  })

  it.each(['0300000061', '01000000', '000000', '0100000061ff'])('that are cut off are refused: %s', bytes => {
    expect(refusal(() => splitElements(Buffer.from(bytes, 'hex'), 'x'))).toMatch(
      /^tensor 'x': element \d should end at/,
    )
  })
})

describe('lists in lists', () => {
  it.each([
    [[1, 2, 3], [3], [1, 2, 3]],
    [
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      [3, 2],
      [1, 2, 3, 4, 5, 6],
    ],
    [[[[true]]], [1, 1, 1], [true]],
    [5, [], [5]],
    [[], [0], []],
    [[[], []], [2, 0], []],
  ])('%j have the shape %j', (value, shape, elements) => {
    expect(flatten(value, 'x')).toEqual({ shape, elements })
  })

  it.each([
    [[[1, 2], [3]]],
    [[1, [2]]],
    [[[1], 2]],
    [
      [
        [1, 2],
        [[3], [4]],
      ],
    ],
    [[[], [1]]],
  ])('%j are refused', value => {
    expect(refusal(() => flatten(value, 'x'))).toBe(
      "tensor 'x': its lists must be equally long and equally deep on each level",
    )
  })
})

it('of too many dimensions is refused before it is looked at', () => {
  let deep: unknown = 1
  for (let level = 0; level < 100_000; level++) deep = [deep]
  expect(refusal(() => flatten(deep, 'x'))).toBe("tensor 'x': it has more than 64 dimensions")
  expect(refusal(() => checkShape(Array(65).fill(1), 'x'))).toBe("tensor 'x': it has more than 64 dimensions")
})

it.each([['2'], [[1.5]], [[-1]], [['2']], [undefined], [[2 ** 30, 2 ** 30]]])('the shape %j is refused', shape => {
  expect(refusal(() => checkShape(shape, 'x'))).toMatch(/^tensor 'x': .*shape/)
})

it.each(['FLOAT', 'fp32', 7, undefined])('the datatype %j is refused, and the known ones are listed', name => {
  expect(refusal(() => datatypeOf(name, 'x'))).toMatch(/unknown datatype .* it is one of BOOL, UINT8, .*FP64, BYTES$/)
})
