import type { Payload } from '../core/payload.js'
import type { Payload__Output as WirePayload } from '../gen/plugin/aiges/plugin/v2/Payload.js'
import { dataTypeNumber, dataTypeOf, statusOf } from './wire-payload.js'
import { wireText, wireTexts } from './wire-text.js'

/** Size of the payloads' data; what stands beside it is small. */
export function dataBytes(payloads: readonly Payload[]): number {
  let bytes = 0
  for (const { data } of payloads) bytes += data.byteLength
  return bytes
}

/** A payload as a message of plugin protocol 2. */
export function toWire(payload: Payload) {
  const { key, status, attributes, data, tensor } = payload
  return {
    key: wireText(key),
    type: dataTypeNumber(payload.type),
    status,
    attributes: wireTexts(attributes),
    data,
    ...(tensor && { tensor: { datatype: tensor.datatype, shape: [...tensor.shape] } }),
  }
}

/** @throws ServiceError `output_mismatch` for a type or status that does not exist */
export function fromWire(payload: WirePayload): Payload {
  const { key, attributes, data, tensor } = payload
  const base = { key, type: dataTypeOf(payload.type, key), status: statusOf(payload.status, key), attributes, data }
  return tensor ? { ...base, tensor: { datatype: tensor.datatype, shape: tensor.shape } } : base
}
