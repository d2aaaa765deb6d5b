import { ServiceError } from '../../core/error.js'
import { bf16Bits, bf16Value, fp16Bits, fp16Value } from './small-float.js'

/** The value of one element; those of 64-bit integers are read as bigint, so that none loses digits. */
export type TensorElement = boolean | number | bigint

/** How elements of one size stand in a tensor's bytes, little-endian. */
export interface FixedDatatype {
  /** Bytes of one element. */
  readonly size: number
  /** Which values an element may have, for messages. */
  readonly allowed: string
  /** Writes an element; false, and nothing is written, when `value` is none that the datatype can hold. */
  write(view: DataView, offset: number, value: unknown): boolean
  read(view: DataView, offset: number): TensorElement
}

type Write<T> = (view: DataView, offset: number, value: T) => void
type Read<T> = (view: DataView, offset: number) => T

function integer(size: number, min: number, max: number, set: Write<number>, read: Read<number>): FixedDatatype {
  return {
    size,
    allowed: `a whole number from ${min} to ${max}`,
    write(view, offset, value) {
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) return false
      set(view, offset, value)
      return true
    },
    read,
  }
}

function longInteger(min: bigint, max: bigint, set: Write<bigint>, read: Read<bigint>): FixedDatatype {
  return {
    size: 8,
    allowed: `a whole number from ${min} to ${max}`,
    write(view, offset, value) {
      if (typeof value !== 'bigint' && !Number.isInteger(value)) return false
      const exact = BigInt(value as bigint | number)
      if (exact < min || exact > max) return false
      set(view, offset, exact)
      return true
    },
    read,
  }
}

/** NaN and infinities have no place among values; only raw bytes can carry them. */
function float(size: number, set: Write<number>, read: Read<number>): FixedDatatype {
  return {
    size,
    allowed: 'a finite number within its range',
    write(view, offset, value) {
      if (typeof value !== 'number' && typeof value !== 'bigint') return false
      set(view, offset, Number(value))
      // What is past the range has become infinite.
      return Number.isFinite(read(view, offset))
    },
    read,
  }
}

const BOOL: FixedDatatype = {
  size: 1,
  allowed: 'true or false',
  write(view, offset, value) {
    if (typeof value !== 'boolean') return false
    view.setUint8(offset, value ? 1 : 0)
    return true
  },
  read: (view, offset) => view.getUint8(offset) !== 0,
}

/** The datatypes of the Open Inference Protocol whose elements all have one size; the further one is BYTES. */
export const FIXED_DATATYPES = {
  BOOL,
  UINT8: integer(
    1,
    0,
    0xff,
    (view, at, value) => view.setUint8(at, value),
    (view, at) => view.getUint8(at),
  ),
  UINT16: integer(
    2,
    0,
    0xffff,
    (view, at, value) => view.setUint16(at, value, true),
    (view, at) => view.getUint16(at, true),
  ),
  UINT32: integer(
    4,
    0,
    0xffffffff,
    (view, at, value) => view.setUint32(at, value, true),
    (view, at) => view.getUint32(at, true),
  ),
  UINT64: longInteger(
    0n,
    2n ** 64n - 1n,
    (view, at, value) => view.setBigUint64(at, value, true),
    (view, at) => view.getBigUint64(at, true),
  ),
  INT8: integer(
    1,
    -0x80,
    0x7f,
    (view, at, value) => view.setInt8(at, value),
    (view, at) => view.getInt8(at),
  ),
  INT16: integer(
    2,
    -0x8000,
    0x7fff,
    (view, at, value) => view.setInt16(at, value, true),
    (view, at) => view.getInt16(at, true),
  ),
  INT32: integer(
    4,
    -0x80000000,
    0x7fffffff,
    (view, at, value) => view.setInt32(at, value, true),
    (view, at) => view.getInt32(at, true),
  ),
  INT64: longInteger(
    -(2n ** 63n),
    2n ** 63n - 1n,
    (view, at, value) => view.setBigInt64(at, value, true),
    (view, at) => view.getBigInt64(at, true),
  ),
  FP16: float(
    2,
    (view, at, value) => view.setUint16(at, fp16Bits(value), true),
    (view, at) => fp16Value(view.getUint16(at, true)),
  ),
  BF16: float(
    2,
    (view, at, value) => view.setUint16(at, bf16Bits(value), true),
    (view, at) => bf16Value(view.getUint16(at, true)),
  ),
  FP32: float(
    4,
    (view, at, value) => view.setFloat32(at, value, true),
    (view, at) => view.getFloat32(at, true),
  ),
  FP64: float(
    8,
    (view, at, value) => view.setFloat64(at, value, true),
    (view, at) => view.getFloat64(at, true),
  ),
} as const satisfies Record<string, FixedDatatype>

/** Datatypes whose elements all have one size. */
export type FixedDatatypeName = keyof typeof FIXED_DATATYPES

export type Datatype = FixedDatatypeName | 'BYTES'

const DATATYPES = [...Object.keys(FIXED_DATATYPES), 'BYTES'] as readonly Datatype[]

/** A datatype by its name in the Open Inference Protocol. @throws ServiceError `tensor_invalid` for any other name */
export function datatypeOf(name: unknown, tensor: string): Datatype {
  const datatype = DATATYPES.find(known => known === name)
  if (datatype !== undefined) return datatype
  const found = JSON.stringify(name, longNumbersAsText) ?? 'none'
  const text = `tensor '${tensor}': unknown datatype ${found}; it is one of ${DATATYPES.join(', ')}`
  throw new ServiceError('tensor_invalid', text)
}

const longNumbersAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value)
