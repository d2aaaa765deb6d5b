import { ServiceError } from '../../core/error.js'
import type { InferenceResult } from '../../core/inference.js'
import type { Payload } from '../../core/payload.js'
import { forDecimal } from '../shared/float-decimal.js'
import { elementCount, elementsOf, splitElements, type Tensor } from '../shared/tensor.js'
import type { TensorElement } from '../shared/tensor-datatype.js'
import { toTensor } from '../shared/tensor-payload.js'

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
  const tensor = toTensor(payload)
  return nest(elementTexts(tensor, payload.type === 'text'), tensor.shape)
}

function elementTexts(tensor: Tensor, isText: boolean): readonly string[] {
  const { name, datatype, data } = tensor
  if (datatype === 'BYTES') return splitElements(data, name).map(element => encodeItem(element, isText))
  const isFloat = /^(FP|BF)/.test(datatype)
  return elementsOf({ ...tensor, datatype }).map(element =>
    isFloat ? encodeFloat(forDecimal(element, datatype), name) : String(element),
  )
}

function encodeItem(data: Uint8Array, isText: boolean): string {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return JSON.stringify(isText ? bytes.toString() : { b64: bytes.toString('base64') })
}

/** Always with a fraction or an exponent, so that clients see that it is no whole number. */
function encodeFloat(value: TensorElement, name: string): string {
  if (!Number.isFinite(value)) {
    throw new ServiceError('output_mismatch', `output '${name}' has the value ${value}, which JSON cannot hold`)
  }
  const text = Object.is(value, -0) ? '-0' : String(value)
  return /[.e]/.test(text) ? text : `${text}.0`
}

/** Puts elements in row-major order into lists of a shape; without a dimension there is one element alone. */
function nest(elements: readonly string[], [size, ...inner]: readonly number[], from = 0): string {
  if (size === undefined) return elements[from] ?? 'null'
  if (inner.length === 0) return `[${elements.slice(from, from + size).join(',')}]`
  const stride = elementCount(inner)
  return `[${Array.from({ length: size }, (_, index) => nest(elements, inner, from + index * stride)).join(',')}]`
}
