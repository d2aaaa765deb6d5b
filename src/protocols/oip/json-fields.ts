import { ServiceError } from '../../core/error.js'
import type { JsonObject } from '../../core/model.js'
import { isObject } from '../shared/json-object.js'
import type { ParameterValue } from './parameters.js'

/** The objects of a list; none where it is absent. @throws ServiceError `schema_violation` when it is no list of objects */
export function objectsOf(json: JsonObject, key: string): readonly JsonObject[] {
  const list = json[key] ?? []
  if (!Array.isArray(list)) throw wrong(key, 'must be a list')
  return list.map((entry, index) => {
    if (isObject(entry)) return entry
    throw wrong(`${key}[${index}]`, 'must be an object')
  })
}

/** The name of an input or output. @throws ServiceError `schema_violation` when there is none */
export function nameOf(json: JsonObject, path: string): string {
  const { name } = json
  if (typeof name === 'string' && name !== '') return name
  throw wrong(`${path}.name`, 'must be a text that is not empty')
}

/** A text; empty where it is absent. @throws ServiceError `schema_violation` when it is no text */
export function textOf(json: JsonObject, key: string): string {
  const text = json[key] ?? ''
  if (typeof text === 'string') return text
  throw wrong(key, 'must be a text')
}

/** A flag; false where it is absent. @throws ServiceError `schema_violation` when it is none */
export function flagOf(json: JsonObject, key: string): boolean {
  const flag = json[key] ?? false
  if (typeof flag === 'boolean') return flag
  throw wrong(key, 'must be true or false')
}

/**
 * The member `parameters`; null is as good as absent.
 * @param path of the object that has it; empty for the request itself
 * @throws ServiceError `schema_violation` when one is no text, number or boolean
 */
export function parametersOf(json: JsonObject, path = ''): Map<string, ParameterValue> {
  const where = path === '' ? 'parameters' : `${path}.parameters`
  const given = json['parameters'] ?? {}
  if (!isObject(given)) throw wrong(where, 'must be an object')
  const parameters = new Map<string, ParameterValue>()
  for (const [name, value] of Object.entries(given)) {
    if (value === null) continue
    if (!isParameter(value)) throw wrong(`${where}.${name}`, 'must be a text, a number, true or false')
    parameters.set(name, value)
  }
  return parameters
}

function isParameter(value: unknown): value is ParameterValue {
  return ['string', 'number', 'bigint', 'boolean'].includes(typeof value)
}

function wrong(path: string, text: string): ServiceError {
  return new ServiceError('schema_violation', `${path}: ${text}`)
}
