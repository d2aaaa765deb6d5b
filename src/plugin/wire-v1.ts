import type { Payload } from '../core/payload.js'
import type { ResponseData__Output as WireData } from '../gen/plugin/aiges/ResponseData.js'
import { dataTypeNumber, dataTypeOf, statusOf } from './wire-payload.js'

/** A payload as RequestData of plugin protocol 1, which has no place for a tensor's shape but the description. */
export function toWire({ key, type, status, attributes, data, tensor }: Payload) {
  const desc: Record<string, string> = { ...attributes }
  if (tensor) {
    desc['datatype'] = tensor.datatype
    desc['shape'] = tensor.shape.join(',')
  }
  return { key, len: data.byteLength, type: dataTypeNumber(type), status, desc, data }
}

/** @throws ServiceError `output_mismatch` for a type or status that does not exist */
export function fromWire({ key, type, status, desc, data }: WireData): Payload {
  return { key, type: dataTypeOf(type, key), status: statusOf(status, key), attributes: desc, data }
}
