import { DecimalText } from './decimal-text.js'
import { elementCount, type Tensor } from './tensor.js'
import { FIXED_DATATYPES, type FixedDatatypeName } from './tensor-datatype.js'

export type FixedTensor = Tensor & { readonly datatype: FixedDatatypeName }

/** The first element that is NaN or infinite, and JSON cannot hold. */
export function findStrange({ datatype, data }: FixedTensor): { index: number; value: number } | undefined {
  const { size, read } = FIXED_DATATYPES[datatype]
  if (!isFloat(datatype)) return undefined
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  for (let index = 0; index * size < data.length; index++) {
    const value = read(view, index * size) as number
    if (!Number.isFinite(value)) return { index, value }
  }
  return undefined
}

/** Elements of a piece, which takes some milliseconds. */
const PIECE = 64 * 1024

/** The elements of a tensor as JSON: the pieces of `tensorPieces` in one. */
export function tensorText(tensor: FixedTensor, shape: readonly number[], showsFloats: boolean): string {
  return [...tensorPieces(tensor, shape, showsFloats)].join('')
}

/**
 * The elements of a tensor as JSON, all of them finite.
 * @param shape of the lists that they are put into; none: one element that stands alone
 * @param showsFloats whether floats always have a fraction or an exponent, so that they are told from whole numbers
 */
export function* tensorPieces(
  { datatype, data }: FixedTensor,
  shape: readonly number[],
  showsFloats: boolean,
): Generator<string> {
  const count = elementCount(shape)
  if (count === 0) {
    yield emptyLists(shape)
    return
  }
  const { size, read } = FIXED_DATATYPES[datatype]
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  const text = new DecimalText(datatype, showsFloats && isFloat(datatype))
  /** How many elements a list of each level has in it, innermost first. */
  const spans = shape.map((_, level) => elementCount(shape.slice(level))).reverse()
  for (let index = 0; index < count; index++) {
    if (index % PIECE === 0 && index > 0) yield text.take()
    let lists = 0
    while (lists < spans.length && index % (spans[lists] as number) === 0) lists++
    if (index > 0 && lists > 0) text.add(']'.repeat(lists))
    if (index > 0) text.addComma()
    if (lists > 0) text.add('['.repeat(lists))
    text.addElement(read(view, index * size))
  }
  text.add(']'.repeat(spans.length))
  yield text.take()
}

function emptyLists([size = 0, ...inner]: readonly number[]): string {
  return `[${Array.from({ length: size }, () => emptyLists(inner)).join(',')}]`
}

function isFloat(datatype: FixedDatatypeName): boolean {
  return /^(FP|BF)/.test(datatype)
}
