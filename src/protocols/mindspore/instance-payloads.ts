import { ServiceError } from '../../core/error.js'
import type { JsonObject, ModelInfo, TensorSpec } from '../../core/model.js'
import { type DataType, type Payload, Status } from '../../core/payload.js'
import { elementCount, invalid, joinElements, type Tensor } from '../shared/tensor.js'
import { checkTensor } from '../shared/tensor-payload.js'
import { type InstanceValue, isItem, readValue } from './instance-value.js'

/** What a call takes: tensors that are declared, and plain payloads with the type of their data. */
export interface CallInputs {
  readonly tensors: ReadonlyMap<string, TensorSpec>
  readonly plain: ReadonlyMap<string, DataType>
}

/** @param method undefined for the plain call, which alone the wrapper's schema describes */
export function inputsOf({ signature, methods, schema }: ModelInfo, method: string | undefined): CallInputs {
  const declared = method === undefined ? signature : methods?.find(({ name }) => name === method)
  return {
    tensors: new Map(declared?.inputs.map(spec => [spec.name, spec])),
    plain: (method === undefined && schema?.inputs) || new Map(),
  }
}

/**
 * Turns an instance into the payloads of a request. A call that says which inputs it has takes exactly these.
 * @param at names the instance in messages
 * @throws ServiceError `tensor_invalid`, `payload_undecodable`, `input_missing`
 */
export function toPayloads(instance: JsonObject, inputs: CallInputs, at: string): Payload[] {
  try {
    checkNames(Object.keys(instance), inputs)
    return Object.entries(instance).map(([name, value]) => toPayload(name, value, inputs))
  } catch (thrown) {
    throw thrown instanceof ServiceError ? new ServiceError(thrown.reason, `${at}: ${thrown.message}`) : thrown
  }
}

function toPayload(name: string, value: unknown, { tensors, plain }: CallInputs): Payload {
  const spec = tensors.get(name)
  const read = readValue(value, name, spec?.datatype)
  return spec === undefined ? toPlainPayload(read, plain.get(name)) : toDeclaredPayload(read, spec)
}

function checkNames(names: readonly string[], { tensors, plain }: CallInputs): void {
  const known = [...new Set([...tensors.keys(), ...plain.keys()])]
  if (known.length === 0) return
  const unknown = names.find(name => !known.includes(name))
  if (unknown !== undefined) throw invalid(unknown, `no such input; there is ${known.join(', ')}`)
  const missing = known.find(name => !names.includes(name) && tensors.get(name)?.optional !== true)
  if (missing === undefined) return
  throw new ServiceError('input_missing', `must have the input '${missing}'; it takes ${known.join(', ')}`)
}

function toDeclaredPayload(value: InstanceValue, spec: TensorSpec): Payload {
  const { name } = value
  const { datatype, data } = isItem(value) ? ({ datatype: 'BYTES', data: joinElements([value.data]) } as const) : value
  const tensor: Tensor = { name, datatype, shape: shapeFor(value, spec), data }
  checkTensor(tensor, spec)
  return tensorPayload(tensor)
}

/** A value that stands alone has the shape of a scalar or `[1]`, whichever the model declares. */
function shapeFor({ shape }: InstanceValue, spec: TensorSpec): readonly number[] {
  if (elementCount(shape) !== 1 || shape.length > 1 || spec.shape.length > 1) return shape
  return spec.shape.length === 0 ? [] : [1]
}

/** @param type of the data that the model takes here, where it says so */
function toPlainPayload(value: InstanceValue, type: DataType | undefined): Payload {
  if (isItem(value)) {
    const { name: key, data, isText } = value
    return { key, type: type ?? (isText ? 'text' : 'other'), status: Status.once, attributes: {}, data }
  }
  if (type === undefined || type === 'other') return tensorPayload(value)
  throw invalid(value.name, `the model takes ${type} here, as a string or as {"b64": …}, not ${value.datatype}`)
}

function tensorPayload({ name: key, datatype, shape, data }: Tensor): Payload {
  return { key, type: 'other', status: Status.once, attributes: {}, data, tensor: { datatype, shape } }
}
