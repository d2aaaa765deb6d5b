import { ServiceError } from '../core/error.js'
import { DATA_TYPES, type DataType, type Status } from '../core/payload.js'

const NUMBER_OF = new Map(DATA_TYPES.map((type, number) => [type, number]))

/** A data type as its number on both plugin protocols. */
export function dataTypeNumber(type: DataType): number {
  return NUMBER_OF.get(type) as number
}

/** @throws ServiceError `output_mismatch` for a number that no data type has */
export function dataTypeOf(number: number, key: string): DataType {
  const type = DATA_TYPES[number]
  if (type === undefined) {
    throw new ServiceError('output_mismatch', `wrapper output '${key}' has the unknown data type ${number}`)
  }
  return type
}

/** @throws ServiceError `output_mismatch` for a number that is no status */
export function statusOf(number: number, key: string): Status {
  if (number < 0 || number > 3) {
    throw new ServiceError('output_mismatch', `wrapper output '${key}' has the unknown status ${number}`)
  }
  return number as Status
}
