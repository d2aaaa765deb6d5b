import { FIXED_DATATYPES, type FixedDatatypeName } from './tensor-datatype.js'

/** Most numbers that are written at once. */
export const MOST_NUMBERS = 4096

/** Arrays that take over what a list of numbers has, and change what they cannot hold. */
const ARRAYS = {
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const

/**
 * Writes numbers as elements of a tensor: as `write` of `FIXED_DATATYPES` does with one, but many times as fast.
 * @param data of the whole tensor
 * @param index of the element that the first number becomes
 * @param numbers `MOST_NUMBERS` at most, none of them NaN
 * @returns how many were written: all, or those before the first that the datatype cannot hold
 */
export function writeNumbers(
  datatype: FixedDatatypeName,
  data: Uint8Array<ArrayBuffer>,
  index: number,
  numbers: Float64Array,
): number {
  if (datatype === 'INT64') return writeLong(data, index, numbers, -(2 ** 63), 2 ** 63)
  if (datatype === 'UINT64') return writeLong(data, index, numbers, 0, 2 ** 64)
  if (!isArray(datatype)) return writeSingly(datatype, data, index, numbers)
  const elements = new ARRAYS[datatype](
    data.buffer,
    data.byteOffset + index * FIXED_DATATYPES[datatype].size,
    numbers.length,
  )
  elements.set(numbers)
  written.set(elements)
  const isFloat = datatype === 'FP32' || datatype === 'FP64'
  for (let at = 0; at < numbers.length; at++) {
    const held = written[at] as number
    if (isFloat ? !Number.isFinite(held) : held !== numbers[at]) return at
  }
  return numbers.length
}

const written = new Float64Array(MOST_NUMBERS)

function isArray(datatype: FixedDatatypeName): datatype is keyof typeof ARRAYS {
  return datatype in ARRAYS
}

/** @param min inclusive, @param end exclusive */
function writeLong(
  data: Uint8Array<ArrayBuffer>,
  index: number,
  numbers: Float64Array,
  min: number,
  end: number,
): number {
  const halves = new Uint32Array(data.buffer, data.byteOffset + index * 8, numbers.length * 2)
  for (let at = 0; at < numbers.length; at++) {
    const number = numbers[at] as number
    if (!(number >= min && number < end && number === Math.floor(number))) return at
    // An array takes a number modulo 2^32.
    halves[2 * at] = number
    halves[2 * at + 1] = Math.floor(number / 2 ** 32)
  }
  return numbers.length
}

function writeSingly(
  datatype: FixedDatatypeName,
  data: Uint8Array<ArrayBuffer>,
  index: number,
  numbers: Float64Array,
): number {
  const { size, write } = FIXED_DATATYPES[datatype]
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let at = 0; at < numbers.length; at++) if (!write(view, (index + at) * size, numbers[at])) return at
  return numbers.length
}
