import { ServiceError } from '../../core/error.js'
import { copyTexts, ElementReader, type JsonList } from './json-list.js'
import { type Datatype, FIXED_DATATYPES, type FixedDatatypeName, type TensorElement } from './tensor-datatype.js'
import { MOST_NUMBERS, writeNumbers } from './tensor-numbers.js'

/** A named tensor: its elements in row-major order, little-endian; a BYTES element has its length in 4 bytes before it. */
export interface Tensor {
  readonly name: string
  readonly datatype: Datatype
  readonly shape: readonly number[]
  readonly data: Uint8Array
}

const LENGTH_BYTES = 4

/** As many dimensions as numpy's arrays may have. */
const MAX_DIMENSIONS = 64

/** How many elements a shape has; the empty shape is that of a scalar. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((count, size) => count * size, 1)
}

/** Checks a shape. @throws ServiceError `tensor_invalid` unless it is a list of whole numbers, none below 0 */
export function checkShape(shape: unknown, name: string): readonly number[] {
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0
  if (!Array.isArray(shape) || !shape.every(isSize)) {
    throw invalid(name, 'its shape must be a list of whole numbers, none below 0')
  }
  if (shape.length > MAX_DIMENSIONS) throw tooDeep(name)
  if (!Number.isSafeInteger(elementCount(shape))) throw invalid(name, `no data has the shape [${shape}]`)
  return shape
}

/**
 * Makes a tensor of bytes that are one already.
 * @throws ServiceError `tensor_invalid` when their number does not fit datatype and shape
 */
export function tensorOfBytes({ name, datatype, shape, data }: Tensor): Tensor {
  const count = elementCount(shape)
  if (datatype === 'BYTES') {
    // Millions of empty elements fit into a body: they are counted without being made.
    const found = eachElement(data, name)
    if (found !== count) throw invalid(name, `the shape [${shape}] has ${count} elements, the data ${found}`)
  } else {
    const wanted = count * FIXED_DATATYPES[datatype].size
    if (data.length !== wanted) {
      throw invalid(name, `${datatype} of the shape [${shape}] has ${wanted} bytes, the data has ${data.length}`)
    }
  }
  return { name, datatype, shape, data }
}

/**
 * Makes a tensor of its elements in row-major order: booleans, numbers, or for BYTES texts and bytes.
 * @throws ServiceError `tensor_invalid` when their number does not fit the shape, or one is none of the datatype
 */
export function tensorOfElements(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  elements: readonly unknown[],
): Tensor {
  checkCount(name, shape, elements.length)
  return { name, datatype, shape, data: encode(name, datatype, elements) }
}

function checkCount(name: string, shape: readonly number[], found: number): void {
  const count = elementCount(shape)
  if (found !== count) throw invalid(name, `the shape [${shape}] has ${count} elements, the data ${found}`)
}

function encode(name: string, datatype: Datatype, elements: readonly unknown[]): Uint8Array {
  if (datatype === 'BYTES') return encodeBytes(name, elements)
  const { size, write } = FIXED_DATATYPES[datatype]
  const data = new Uint8Array(elements.length * size)
  const view = new DataView(data.buffer)
  for (const [index, element] of elements.entries()) {
    if (!write(view, index * size, element)) throw notHeld(name, datatype, index, element)
  }
  return data
}

/**
 * Makes a tensor of a list that has not been read, without making anything of its elements on the way.
 * @param unsignedZero whether -0 is 0, as it is among bigints. Default: no
 * @throws ServiceError as `tensorOfElements`, and when its lists are not equally long and equally deep on each level
 */
export function tensorOfList(
  name: string,
  datatype: FixedDatatypeName,
  shape: readonly number[],
  list: JsonList,
  unsignedZero = false,
): Tensor {
  const count = elementCount(shapeOf(list, name))
  checkCount(name, shape, count)
  const { size, write } = FIXED_DATATYPES[datatype]
  const data = new Uint8Array(count * size)
  const view = new DataView(data.buffer)
  const reader = new ElementReader(list)
  const numbers = new Float64Array(Math.min(count, MOST_NUMBERS))
  for (let index = 0; index < count; ) {
    const read = reader.numbers(numbers)
    if (unsignedZero) for (let at = 0; at < read; at++) numbers[at] = (numbers[at] as number) + 0
    const written = read === 0 ? 0 : writeNumbers(datatype, data, index, numbers.subarray(0, read))
    index += written
    if (written < read) throw notHeld(name, datatype, index, numbers[written])
    if (read === numbers.length || index === count) continue
    const element = reader.other()
    if (!write(view, index * size, element)) throw notHeld(name, datatype, index, element)
    index++
  }
  return { name, datatype, shape, data }
}

/** As `tensorOfList`, of texts that stand there as they are. */
export function tensorOfTexts(name: string, shape: readonly number[], list: JsonList): Tensor {
  const count = elementCount(shapeOf(list, name))
  checkCount(name, shape, count)
  const data = Buffer.allocUnsafe(list.bytes.length + count * LENGTH_BYTES)
  return { name, datatype: 'BYTES', shape, data: data.subarray(0, copyTexts(list, data)) }
}

function notHeld(name: string, datatype: FixedDatatypeName, index: number, element: unknown): ServiceError {
  return invalid(name, `element ${index} is ${show(element)}; ${datatype} takes ${FIXED_DATATYPES[datatype].allowed}`)
}

/** Texts are written in one piece: a Buffer for each of millions takes seconds. */
function encodeBytes(name: string, elements: readonly unknown[]): Uint8Array {
  let size = 0
  for (const [index, element] of elements.entries()) {
    if (typeof element !== 'string' && !(element instanceof Uint8Array)) {
      throw invalid(name, `element ${index} is ${show(element)}; BYTES takes a text`)
    }
    size += LENGTH_BYTES + Buffer.byteLength(element)
  }
  const data = Buffer.allocUnsafe(size)
  let offset = 0
  for (const element of elements as readonly (string | Uint8Array)[]) {
    const start = offset + LENGTH_BYTES
    const length = typeof element === 'string' ? data.write(element, start) : element.length
    if (typeof element !== 'string') data.set(element, start)
    data.writeUInt32LE(length, offset)
    offset = start + length
  }
  return data
}

/** The elements of a tensor of any datatype but BYTES, in row-major order. */
export function elementsOf({ datatype, data }: Tensor & { readonly datatype: FixedDatatypeName }): TensorElement[] {
  const { size, read } = FIXED_DATATYPES[datatype]
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  return Array.from({ length: data.length / size }, (_, index) => read(view, index * size))
}

/** The bytes of BYTES elements, each behind its length. */
export function joinElements(elements: readonly Uint8Array[]): Uint8Array {
  return encodeBytes('', elements)
}

/** The elements of a BYTES tensor's data. @throws ServiceError `tensor_invalid` when a length points past the end */
export function splitElements(data: Uint8Array, name: string): Uint8Array[] {
  const elements: Uint8Array[] = []
  eachElement(data, name, (start, end) => elements.push(data.subarray(start, end)))
  return elements
}

/** Calls back with where each BYTES element begins and ends. @returns how many there are */
function eachElement(data: Uint8Array, name: string, visit: (start: number, end: number) => void = () => {}): number {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
  let count = 0
  for (let offset = 0; offset < data.length; count++) {
    const start = offset + LENGTH_BYTES
    const end = start <= data.length ? start + view.getUint32(offset, true) : start
    if (end > data.length) {
      throw invalid(name, `element ${count} should end at byte ${end}, but the data has ${data.length}`)
    }
    visit(start, end)
    offset = end
  }
  return count
}

/**
 * The innermost values of lists in lists, in row-major order, and the shape of the lists.
 * @throws ServiceError `tensor_invalid` unless all lists of one level are equally long and equally deep
 */
export function flatten(value: unknown, name: string): { readonly shape: number[]; readonly elements: unknown[] } {
  const shape: number[] = []
  for (let first = value; Array.isArray(first); first = first[0]) {
    if (shape.push(first.length) > MAX_DIMENSIONS) throw tooDeep(name)
  }
  let level: unknown[] = [value]
  for (const size of shape) {
    if (!level.every(list => Array.isArray(list) && list.length === size)) throw ragged(name)
    level = level.flat(1)
  }
  if (level.some(Array.isArray)) throw ragged(name)
  return { shape, elements: level }
}

/** The shape of a list that has not been read. @throws ServiceError as `flatten` */
export function shapeOf({ form: { depth, shape } }: JsonList, name: string): readonly number[] {
  if (depth > MAX_DIMENSIONS) throw tooDeep(name)
  if (shape === undefined) throw ragged(name)
  return shape
}

function ragged(name: string): ServiceError {
  return invalid(name, 'its lists must be equally long and equally deep on each level')
}

function tooDeep(name: string): ServiceError {
  return invalid(name, `it has more than ${MAX_DIMENSIONS} dimensions`)
}

/** @param text what is wrong, and what is allowed */
export function invalid(name: string, text: string): ServiceError {
  return new ServiceError('tensor_invalid', `tensor '${name}': ${text}`)
}

/** A value as a message shows it. */
function show(value: unknown): string {
  if (typeof value === 'string') return value.length > 20 ? 'a text' : JSON.stringify(value)
  return Array.isArray(value) ? 'a list' : typeof value === 'object' && value !== null ? 'an object' : String(value)
}
