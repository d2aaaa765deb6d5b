import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../../core/error.js'
import { decodeBase64 } from '../shared/base64.js'
import { firstElement, JsonList } from '../shared/json-list.js'
import { isObject } from '../shared/json-object.js'
import { KIND } from '../shared/json-scan.js'
import {
  checkShape,
  elementCount,
  flatten,
  invalid,
  shapeOf,
  type Tensor,
  tensorOfBytes,
  tensorOfElements,
  tensorOfList,
} from '../shared/tensor.js'
import type { Datatype, FixedDatatypeName } from '../shared/tensor-datatype.js'
import { parseTypedJson } from './typed-json.js'

/** A string or bytes: always a single item, whose shape is that of a scalar or `[1]`. */
export interface Item {
  readonly name: string
  readonly isText: boolean
  readonly data: Uint8Array
  readonly shape: readonly number[]
}

/** The value of an input, as its JSON says it. */
export type InstanceValue = Item | Tensor

export function isItem(value: InstanceValue): value is Item {
  return 'isText' in value
}

/** Types that `type` may name beside a value in base64. */
const TYPES: Readonly<Record<string, Datatype | 'str' | 'bytes'>> = {
  int8: 'INT8',
  int16: 'INT16',
  int32: 'INT32',
  int64: 'INT64',
  uint8: 'UINT8',
  uint16: 'UINT16',
  uint32: 'UINT32',
  uint64: 'UINT64',
  fp16: 'FP16',
  fp32: 'FP32',
  fp64: 'FP64',
  f16: 'FP16',
  f32: 'FP32',
  f64: 'FP64',
  float16: 'FP16',
  float32: 'FP32',
  float64: 'FP64',
  bool: 'BOOL',
  str: 'str',
  bytes: 'bytes',
}

/** What an input has to be declared as, for numbers of JSON to take its datatype instead of their own. */
const KINDS: Readonly<Record<string, { readonly own: FixedDatatypeName; readonly declared: RegExp }>> = {
  // Most languages write 1 for 1.0 as well.
  bigint: { own: 'INT32', declared: /INT|^(FP|BF)/ },
  number: { own: 'FP32', declared: /^(FP|BF)/ },
  boolean: { own: 'BOOL', declared: /^BOOL$/ },
}

/**
 * Reads a value of an instance, which `parseTypedJson` has parsed, or a list that has not been read: a scalar, lists in
 * lists of numbers or booleans, or base64 with type and shape.
 * @param declared the datatype that the model declares for the input, if it does
 * @throws ServiceError `tensor_invalid`, `payload_undecodable`
 */
export function readValue(value: unknown, name: string, declared?: string): InstanceValue {
  if (value === null) throw invalid(name, 'its value is null, which is not supported')
  if (Array.isArray(value)) return readList(value, name, declared)
  if (value instanceof JsonList) return readUnread(value, name, declared)
  if (isObject(value)) return readBase64(value, name)
  if (typeof value === 'string') return { name, isText: true, data: Buffer.from(value), shape: [] }
  return tensorOfElements(name, datatypeFor(typeof value, declared), [], [plain(value)])
}

function readList(list: readonly unknown[], name: string, declared: string | undefined): InstanceValue {
  const { shape, elements } = flatten(list, name)
  const [first] = elements
  if (elements.length === 0) throw empty(name, shape)
  if (typeof first === 'string' || isObject(first)) return readOnlyItem(first, shape, name)
  if (elements.some(element => typeof element !== typeof first || element === null)) throw mixed(name)
  return tensorOfElements(name, datatypeFor(typeof first, declared), shape, elements.map(plain))
}

/** What `parseTypedJson` would make of elements of one kind. */
const TYPE_OF_KIND: Readonly<Record<number, string>> = {
  [KIND.whole]: 'bigint',
  [KIND.fraction]: 'number',
  [KIND.boolean]: 'boolean',
}

/** As `readList`, of a list that has not been read. */
function readUnread(list: JsonList, name: string, declared: string | undefined): InstanceValue {
  const shape = shapeOf(list, name)
  if (elementCount(shape) === 0) throw empty(name, shape)
  const { kinds } = list.form
  if (kinds & KIND.text) {
    const first = parseTypedJson(firstElement(list))
    if (typeof first === 'string') return readOnlyItem(first, shape, name)
  }
  const type = TYPE_OF_KIND[kinds]
  if (type === undefined) throw mixed(name)
  return tensorOfList(name, datatypeFor(type, declared), shape, list, type === 'bigint')
}

function empty(name: string, shape: readonly number[]): ServiceError {
  return invalid(name, `the shape of its lists is [${shape}]: none may be empty`)
}

function mixed(name: string): ServiceError {
  return invalid(name, 'its elements must all be whole numbers, all numbers with a fraction, or all booleans')
}

/** A string or bytes in a list: the list has nothing else. */
function readOnlyItem(value: unknown, shape: readonly number[], name: string): Item {
  const item = readValue(value, name)
  if (!isItem(item) || shape.length !== 1 || shape[0] !== 1) {
    throw invalid(name, `a list takes strings and bytes only as its one item, but has the shape [${shape}]`)
  }
  return { ...item, shape: [1] }
}

function datatypeFor(type: string, declared = ''): FixedDatatypeName {
  const kind = KINDS[type]
  if (kind === undefined) throw new Error(`a value of JSON has the type ${type}`)
  return kind.declared.test(declared) ? (declared as FixedDatatypeName) : kind.own
}

/** As the datatypes take it: those of up to 32 bits want a number. */
function plain(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value
}

function readBase64(value: Readonly<Record<string, unknown>>, name: string): InstanceValue {
  const { b64, type = 'bytes', shape: given = [1n], ...unknown } = value
  const [stranger] = Object.keys(unknown)
  if (stranger !== undefined) throw invalid(name, `it has '${stranger}'; an object takes b64, type and shape`)
  if (typeof b64 !== 'string') throw invalid(name, 'its b64 must be a string')
  const datatype = typeof type === 'string' && Object.hasOwn(TYPES, type) ? TYPES[type] : undefined
  if (datatype === undefined) throw invalid(name, `its type is unknown; it is one of ${Object.keys(TYPES).join(', ')}`)
  const shape = readShape(given, name)
  const data = decodeBase64(b64, `input '${name}'`)
  if (datatype !== 'str' && datatype !== 'bytes') return tensorOfBytes({ name, datatype, shape, data })
  if (shape.length > 1 || elementCount(shape) !== 1) {
    throw invalid(name, `${datatype} has one item, so its shape is [] or [1], not [${shape}]`)
  }
  if (datatype === 'str' && !isUtf8(data)) {
    throw new ServiceError('payload_undecodable', `input '${name}': a str must be UTF-8`)
  }
  return { name, isText: datatype === 'str', data, shape }
}

function readShape(given: unknown, name: string): readonly number[] {
  const shape = checkShape(Array.isArray(given) ? given.map(plain) : given, name)
  const empty = shape.indexOf(0)
  if (empty >= 0 && empty < shape.length - 1) {
    throw invalid(name, `its shape is [${shape}]: only the last dimension may be empty`)
  }
  return shape
}
