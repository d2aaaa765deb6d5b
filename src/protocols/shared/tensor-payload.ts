import { ServiceError } from '../../core/error.js'
import type { ModelSchema, TensorSpec } from '../../core/model.js'
import { type Payload, Status } from '../../core/payload.js'
import { elementCount, invalid, joinElements, splitElements, type Tensor, tensorOfBytes } from './tensor.js'
import { datatypeOf } from './tensor-datatype.js'

/** What a call of a model takes: the tensors that it declares, if it does, and the schema of the plain inputs. */
export interface TensorInputs {
  readonly declared: readonly TensorSpec[]
  readonly schema?: Pick<ModelSchema, 'inputs'> | undefined
}

/**
 * Hands tensors to a wrapper. A tensor that the call declares, or of any datatype but BYTES, is a payload that says that
 * it is a tensor. All other inputs are plain payloads: there one BYTES element is such a payload, of the type that the
 * schema gives it.
 * @throws ServiceError `tensor_invalid` when the tensors are not those that the call declares, or a plain input is no
 * single element
 */
export function toPayloads(tensors: readonly Tensor[], inputs: TensorInputs): Payload[] {
  checkDeclared(tensors, inputs)
  return tensors.map(tensor => toPayload(tensor, inputs))
}

function toPayload({ name, datatype, shape, data }: Tensor, { declared, schema }: TensorInputs): Payload {
  const payload = { key: name, type: 'other', status: Status.once, attributes: {}, data } as const
  if (datatype === 'BYTES' && !declared.some(spec => spec.name === name)) {
    const type = schema?.inputs.get(name)
    const count = elementCount(shape)
    if (count === 1) return { ...payload, type: type ?? 'other', data: onlyElement(data, name) }
    if (type !== undefined) throw invalid(name, `it has ${count} elements, but the model takes one`)
  }
  return { ...payload, tensor: { datatype, shape } }
}

function onlyElement(data: Uint8Array, name: string): Uint8Array {
  const [element] = splitElements(data, name)
  return element as Uint8Array
}

/** Holds tensors against what a call declares; one that declares nothing takes anything. */
function checkDeclared(tensors: readonly Tensor[], { declared, schema }: TensorInputs): void {
  if (declared.length === 0) return
  const known = new Set([...declared.map(({ name }) => name), ...(schema?.inputs.keys() ?? [])])
  const names = [...known].join(', ')
  for (const tensor of tensors) {
    if (!known.has(tensor.name)) throw invalid(tensor.name, `no such input; there is ${names}`)
    const spec = declared.find(({ name }) => name === tensor.name)
    if (spec !== undefined) checkTensor(tensor, spec)
  }
  const missing = declared.find(({ name, optional }) => !optional && !tensors.some(tensor => tensor.name === name))
  if (missing !== undefined) throw invalid(missing.name, `it is missing; the inputs are ${names}`)
}

/** Holds a tensor against what a call declares of it. @throws ServiceError `tensor_invalid` */
export function checkTensor({ name, datatype, shape }: Tensor, spec: TensorSpec): void {
  if (datatype !== spec.datatype)
    throw invalid(name, `its datatype is ${datatype}, but the model takes ${spec.datatype}`)
  const fits = shape.length === spec.shape.length && spec.shape.every((size, i) => size < 0 || size === shape[i])
  if (fits) return
  throw invalid(name, `its shape is [${shape}], but the model takes [${spec.shape}], where -1 is any size`)
}

/**
 * An output as a tensor; a plain one is a BYTES tensor with one element.
 * @throws ServiceError `output_mismatch` when the wrapper's datatype, shape and data do not fit together
 */
export function toTensor({ key: name, data, tensor }: Payload): Tensor {
  if (tensor === undefined) return { name, datatype: 'BYTES', shape: [1], data: joinElements([data]) }
  try {
    return tensorOfBytes({ name, datatype: datatypeOf(tensor.datatype, name), shape: tensor.shape, data })
  } catch (error) {
    const text = error instanceof ServiceError ? error.message : `tensor '${name}' cannot be read`
    throw new ServiceError('output_mismatch', `wrapper output: ${text}`, { cause: error })
  }
}
