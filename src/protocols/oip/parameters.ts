import { ServiceError } from '../../core/error.js'

/** A parameter's value as clients give it. */
export type ParameterValue = string | number | bigint | boolean

/** Parameters of a request, an input or an output. */
export type Parameters = ReadonlyMap<string, ParameterValue>

/** What the protocol itself reads of a request's parameters; all others reach the wrapper. */
const OWN: ReadonlySet<string> = new Set([
  'method',
  'timeout',
  'binary_data_output',
  'triton_enable_empty_final_response',
])

/** A request's parameters as the wrapper gets them. */
export function wrapperParameters(parameters: Parameters, sid: string): Record<string, string> {
  const strings: Record<string, string> = {}
  for (const [name, value] of parameters) if (!OWN.has(name)) strings[name] = String(value)
  strings['sid'] = sid
  return strings
}

/** @throws ServiceError `schema_violation` unless the parameter is true, false or absent */
export function flagParameter(parameters: Parameters, name: string): boolean | undefined {
  const value = parameters.get(name)
  if (value === undefined || typeof value === 'boolean') return value
  throw wrongParameter(name, value, 'true or false')
}

/** @throws ServiceError `schema_violation` unless the parameter is a text or absent */
export function textParameter(parameters: Parameters, name: string): string | undefined {
  const value = parameters.get(name)
  if (value === undefined || typeof value === 'string') return value
  throw wrongParameter(name, value, 'a text')
}

export function wrongParameter(name: string, value: ParameterValue, allowed: string): ServiceError {
  return new ServiceError('schema_violation', `parameter '${name}': ${value} is not ${allowed}`)
}

/** Value of the parameter `content_type` of BYTES tensors whose elements stand in JSON as base64. */
export const BASE64 = 'base64'
