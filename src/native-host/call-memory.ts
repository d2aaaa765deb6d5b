import koffi, { type TypeObject } from 'koffi'
import type { Payload__Output as Payload } from '../gen/plugin/aiges/plugin/v2/Payload.js'
import { DATA_LIST, PARAM_LIST, type Pointer } from './abi.js'

/** As far apart as malloc puts things, so that an engine may read data as numbers of any size. */
const ALIGNMENT = 16

const PARAM_SIZE = koffi.sizeof(PARAM_LIST)
const DATA_SIZE = koffi.sizeof(DATA_LIST)
const PARAM = offsets(PARAM_LIST, ['key', 'value', 'vlen', 'next'])
const DATA = offsets(DATA_LIST, ['key', 'data', 'len', 'type', 'status', 'desc', 'next'])

function offsets<Name extends string>(type: TypeObject, names: readonly Name[]): Record<Name, number> {
  return Object.fromEntries(names.map(name => [name, koffi.offsetof(type, name)])) as Record<Name, number>
}

/** What is handed to an engine in one call. */
export interface NativeInput {
  readonly params?: Readonly<Record<string, string>>
  readonly payloads?: readonly Payload[]
  readonly resources?: readonly number[]
}

/**
 * The arguments of one C call in one piece of memory. It stays where it is as long as this object is there, whatever the
 * garbage collector does meanwhile.
 */
export class CallMemory {
  /** A `ParamList *`; NULL for none. */
  readonly params: Pointer
  /** A `DataList *`; NULL for none. */
  readonly data: Pointer
  /** An `unsigned int *`; NULL for none. */
  readonly resources: Pointer
  readonly resourceCount: number
  private readonly bytes: Buffer
  private readonly base: number
  /** The first place belongs to what the engine writes. */
  private used = ALIGNMENT

  constructor({ params = {}, payloads = [], resources = [] }: NativeInput) {
    // Not from Buffer's pool, and not on V8's heap, where it would be moved.
    const memory = new ArrayBuffer(ALIGNMENT + sizeOf(params, payloads) + aligned(resources.length * 4))
    this.bytes = Buffer.from(memory)
    this.base = Number(koffi.address(memory))
    this.params = this.pointer(this.writeParams(params))
    this.data = this.pointer(this.writePayloads(payloads))
    this.resources = this.pointer(this.writeNumbers(resources))
    this.resourceCount = resources.length
  }

  /** Where the engine puts a pointer or a number; 0 until then. */
  get out(): bigint {
    return BigInt(this.base)
  }

  /** The pointer that the engine put there. */
  get pointerOut(): Pointer {
    const address = this.bytes.readBigUInt64LE(0)
    return address === 0n ? null : address
  }

  /** The number that the engine put there. */
  get numberOut(): number {
    return this.bytes.readInt32LE(0)
  }

  private writeParams(params: Readonly<Record<string, string>>): number | undefined {
    const entries = Object.entries(params)
    const first = this.take(entries.length * PARAM_SIZE)
    for (const [index, [key, value]] of entries.entries()) {
      const at = first + index * PARAM_SIZE
      this.setPointer(at + PARAM.key, this.writeText(key).at)
      const text = this.writeText(value)
      this.setPointer(at + PARAM.value, text.at)
      this.bytes.writeUInt32LE(text.length, at + PARAM.vlen)
      if (index + 1 < entries.length) this.setPointer(at + PARAM.next, at + PARAM_SIZE)
    }
    return entries.length === 0 ? undefined : first
  }

  private writePayloads(payloads: readonly Payload[]): number | undefined {
    const first = this.take(payloads.length * DATA_SIZE)
    for (const [index, payload] of payloads.entries()) {
      const at = first + index * DATA_SIZE
      this.setPointer(at + DATA.key, this.writeText(payload.key).at)
      this.setPointer(at + DATA.data, this.writeData(payload.data))
      this.bytes.writeUInt32LE(payload.data.byteLength, at + DATA.len)
      this.bytes.writeUInt32LE(payload.type, at + DATA.type)
      this.bytes.writeUInt32LE(payload.status, at + DATA.status)
      const description = this.writeParams(descriptionOf(payload))
      if (description !== undefined) this.setPointer(at + DATA.desc, description)
      if (index + 1 < payloads.length) this.setPointer(at + DATA.next, at + DATA_SIZE)
    }
    return payloads.length === 0 ? undefined : first
  }

  private writeNumbers(numbers: readonly number[]): number | undefined {
    const first = this.take(numbers.length * 4)
    for (const [index, number] of numbers.entries()) this.bytes.writeUInt32LE(number, first + index * 4)
    return numbers.length === 0 ? undefined : first
  }

  private writeText(text: string): { readonly at: number; readonly length: number } {
    const length = this.bytes.write(text, this.used)
    return { at: this.take(length + 1), length }
  }

  private writeData(data: Uint8Array): number {
    const at = this.take(data.byteLength + 1)
    this.bytes.set(data, at)
    return at
  }

  /** The memory is zero to begin with, so texts and data end with a zero. */
  private take(size: number): number {
    const at = this.used
    this.used += aligned(size)
    return at
  }

  private setPointer(at: number, target: number): void {
    const address = this.base + target
    this.bytes.writeUInt32LE(address >>> 0, at)
    this.bytes.writeUInt32LE(Math.floor(address / 2 ** 32), at + 4)
  }

  private pointer(at: number | undefined): Pointer {
    return at === undefined ? null : BigInt(this.base + at)
  }
}

function sizeOf(params: Readonly<Record<string, string>>, payloads: readonly Payload[]): number {
  let size = sizeOfParams(params) + aligned(payloads.length * DATA_SIZE)
  for (const payload of payloads) {
    size += textSize(payload.key) + aligned(payload.data.byteLength + 1) + sizeOfParams(descriptionOf(payload))
  }
  return size
}

function sizeOfParams(params: Readonly<Record<string, string>>): number {
  const entries = Object.entries(params)
  let size = aligned(entries.length * PARAM_SIZE)
  for (const [key, value] of entries) size += textSize(key) + textSize(value)
  return size
}

const textSize = (text: string) => aligned(Buffer.byteLength(text) + 1)
const aligned = (size: number) => Math.ceil(size / ALIGNMENT) * ALIGNMENT

/** The ABI has no place for a tensor's shape but the description. */
function descriptionOf({ attributes, tensor }: Payload): Readonly<Record<string, string>> {
  return tensor ? { ...attributes, datatype: tensor.datatype, shape: tensor.shape.join(',') } : attributes
}
