import { type Payload, type TensorInfo, tensorAttributes } from '../core/payload.js'
import type { ResponseData__Output as WireData } from '../gen/plugin/aiges/ResponseData.js'
import { dataTypeNumber, dataTypeOf, statusOf } from './wire-payload.js'
import { wireText, wireTexts } from './wire-text.js'

/** A payload as RequestData of plugin protocol 1, in which attributes describe a tensor. */
export function toWire({ key, type, status, attributes, data, tensor }: Payload) {
  const desc = wireTexts({ ...attributes, ...(tensor && tensorAttributes(tensor)) })
  return { key: wireText(key), len: data.byteLength, type: dataTypeNumber(type), status, desc, data }
}

/** @throws ServiceError `output_mismatch` for a type or status that does not exist */
export function fromWire({ key, type, status, desc, data }: WireData): Payload {
  const base = { key, type: dataTypeOf(type, key), status: statusOf(status, key), data }
  const tensor = tensorOf(desc)
  if (tensor === undefined) return { ...base, attributes: desc }
  const { datatype: _, shape: __, ...attributes } = desc
  return { ...base, attributes, tensor }
}

/** Wrappers that know nothing of tensors may use either name for what they like. */
function tensorOf({ datatype, shape }: Record<string, string>): TensorInfo | undefined {
  if (datatype === undefined || shape === undefined || !/^\[\s*(\d+\s*(,\s*\d+\s*)*)?\]$/.test(shape)) return undefined
  return { datatype, shape: JSON.parse(shape) as number[] }
}
