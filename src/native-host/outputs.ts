import koffi, { type TypeObject } from 'koffi'
import type { Payload } from '../gen/plugin/aiges/plugin/v2/Payload.js'
import { DATA_LIST, PARAM_LIST, type Pointer } from './abi.js'

/** More than any engine gives at once; past it the list is taken to bite its own tail. */
const MOST_ENTRIES = 65_536

/** The daemon takes messages of 512 MiB, and small results may travel in front of a large one. */
const MOST_BYTES = 500 << 20

interface DataNode {
  readonly key: string | null
  readonly data: Pointer
  readonly len: number
  readonly type: number
  readonly status: number
  readonly desc: Pointer
  readonly next: Pointer
}

interface ParamNode {
  readonly key: string | null
  readonly value: Pointer
  readonly vlen: number
  readonly next: Pointer
}

/**
 * Copies what an engine gave: its memory is valid for a moment only. Types and statuses are handed on as they are; the
 * daemon refuses those that do not exist.
 * @throws Error when a list does not end, data is announced and not there, or it is more than the daemon takes
 */
export function readOutputs(list: Pointer): Payload[] {
  const found = nodes<DataNode>(list, DATA_LIST)
  const bytes = found.reduce((sum, { len }) => sum + len, 0)
  if (bytes > MOST_BYTES) {
    throw new Error(`a result of ${bytes} bytes cannot be sent: at most ${MOST_BYTES >> 20} MiB`)
  }
  return found.map(({ key, data, len, type, status, desc }) => ({
    key: key ?? '',
    type: type >>> 0,
    status: status >>> 0,
    attributes: readDescription(desc),
    data: readData(key, data, len),
  }))
}

function readData(key: string | null, data: Pointer, length: number): Uint8Array {
  if (length === 0) return new Uint8Array()
  if (data === null) throw new Error(`the engine's output '${key ?? ''}' has ${length} bytes, but its data is NULL`)
  return koffi.decode(data, 'uint8_t', length)
}

function readDescription(list: Pointer): Record<string, string> {
  const attributes: Record<string, string> = {}
  for (const { key, value, vlen } of nodes<ParamNode>(list, PARAM_LIST)) {
    if (key !== null) attributes[key] = readText(value, vlen)
  }
  return attributes
}

/** Some engines count the zero at the end, and some leave the length out. */
function readText(value: Pointer, length: number): string {
  if (value === null) return ''
  const text = length === 0 ? koffi.decode.string(value) : koffi.decode.string(value, length)
  const end = text.indexOf('\0')
  return end < 0 ? text : text.slice(0, end)
}

function nodes<Node extends { readonly next: Pointer }>(list: Pointer, type: TypeObject): Node[] {
  const found: Node[] = []
  for (let at = list; at !== null; ) {
    if (found.length === MOST_ENTRIES) throw new Error(`the engine's list has more than ${MOST_ENTRIES} entries`)
    const node: Node = koffi.decode(at, type)
    found.push(node)
    at = node.next
  }
  return found
}

/** Whether nothing follows. Source: the AIGES loader, where the first piece of data that says so ends a request. */
export function areLast(outputs: readonly Payload[]): boolean {
  return outputs.some(({ status }) => status === 2 || status === 3)
}
