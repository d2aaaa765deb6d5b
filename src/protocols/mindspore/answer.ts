import { ServiceError } from '../../core/error.js'
import type { InferenceResult } from '../../core/inference.js'
import type { Payload } from '../../core/payload.js'
import { elementCount, splitElements } from '../shared/tensor.js'
import { toTensor } from '../shared/tensor-payload.js'
import { findStrange, tensorText } from '../shared/tensor-text.js'

/** Renders the answers of all instances, each as JSON text, in their order. */
export function encodeAnswer(instances: readonly string[]): string {
  return `{"instances":[${instances.join(',')}]}`
}

/** Renders a failure: of an instance, or of a request that failed as a whole. */
export function encodeFailure(message: string): string {
  return JSON.stringify({ error_msg: message })
}

/**
 * Renders the outputs of an instance as JSON text: tensors as numbers and booleans in their shape, texts as they are,
 * everything else in base64.
 * @throws ServiceError `output_mismatch` when the wrapper's output cannot be rendered
 */
export function encodeInstance({ payloads }: InferenceResult): string {
  const members = payloads.map(payload => `${JSON.stringify(payload.key)}:${encodeOutput(payload)}`)
  return `{${members.join(',')}}`
}

function encodeOutput(payload: Payload): string {
  if (payload.tensor === undefined) return encodeItem(payload.data, payload.type === 'text')
  const { name, datatype, shape, data } = toTensor(payload)
  if (datatype === 'BYTES') {
    const items = splitElements(data, name).map(element => encodeItem(element, payload.type === 'text'))
    return nest(items, shape)
  }
  const tensor = { name, datatype, shape, data }
  const strange = findStrange(tensor)
  if (strange === undefined) return tensorText(tensor, shape, true)
  const text = `output '${name}' has the value ${strange.value}, which JSON cannot hold`
  throw new ServiceError('output_mismatch', text)
}

function encodeItem(data: Uint8Array, isText: boolean): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return JSON.stringify(isText ? bytes.toString() : { b64: bytes.toString('base64') })
}

/** Puts elements in row-major order into lists of a shape; without a dimension there is one element alone. */
function nest(elements: readonly string[], [size, ...inner]: readonly number[], from = 0): string {
  if (size === undefined) return elements[from] ?? 'null'
  if (inner.length === 0) return `[${elements.slice(from, from + size).join(',')}]`
  const stride = elementCount(inner)
  return `[${Array.from({ length: size }, (_, index) => nest(elements, inner, from + index * stride)).join(',')}]`
}
