import type { JsonObject, ModelInfo, ModelSchema } from '../../core/model.js'
import type { DataType } from '../../core/payload.js'
import { isObject } from '../shared/json-object.js'
import { SAMPLE_DATA, SAMPLE_ENCODINGS } from '../shared/sample-data.js'

/**
 * A complete request to a model that runs as it stands: the wrapper's own example with its parameters under the name by
 * which the model is served, or one made up from its schema.
 * @returns undefined as long as the schema is not known
 */
export function exampleRequest(model: ModelInfo): JsonObject | undefined {
  const { name, schema } = model
  if (schema === undefined) return undefined
  return schema.example === undefined ? madeUp(name, schema) : renamed(schema.example, schema.serviceId, name)
}

function renamed(example: JsonObject, serviceId: string, name: string): JsonObject {
  const { parameter } = example
  if (!isObject(parameter) || !Object.hasOwn(parameter, serviceId)) return example
  const { [serviceId]: own, ...others } = parameter
  return { ...example, parameter: { [name]: own, ...others } }
}

function madeUp(name: string, schema: ModelSchema): JsonObject {
  const { header, parameter, payload } = properties(schema.request)
  const inputs = properties(payload)
  return {
    header: { app_id: '123456', status: 3, ...sampleRequired(header, ['appid', 'app_id', 'status']) },
    parameter: { [name]: { ...sampleObject(properties(parameter)[schema.serviceId]), ...accepts(schema) } },
    payload: Object.fromEntries([...schema.inputs].map(([key, type]) => [key, sampleInput(inputs[key], type)])),
  }
}

function accepts(schema: ModelSchema): JsonObject {
  const outputs = [...schema.outputs]
  return Object.fromEntries(outputs.map(([name, { type, attributes }]) => [name, { ...attributes, data_type: type }]))
}

/** An answer as the model gives it to `exampleRequest`, with what only the model knows left out. */
export function exampleAnswer(schema: ModelSchema): JsonObject {
  const outputs = [...schema.outputs].map(([name, { type, attributes }]) => {
    return [name, { ...attributes, seq: '0', status: '3', [type]: '' }]
  })
  return { header: { code: 0, sid: EXAMPLE_SID, status: 3 }, payload: Object.fromEntries(outputs) }
}

/** The sid in example answers. */
export const EXAMPLE_SID = 'e72cb327-0d0b-4f31-90d0-e4c60c5395f3'

function sampleInput(rule: unknown, type: DataType): JsonObject {
  const { [type]: _data, encoding, status: _status, seq: _seq, ...others } = properties(rule)
  const choices = isObject(encoding) && Array.isArray(encoding['enum']) ? encoding['enum'] : [SAMPLE_ENCODINGS[type]]
  const fitting = choices.includes(SAMPLE_ENCODINGS[type]) ? SAMPLE_ENCODINGS[type] : choices[0]
  const samples = Object.entries(others).map(([name, value]) => [name, sample(value)])
  return { ...Object.fromEntries(samples), encoding: fitting, status: 3, [type]: SAMPLE_DATA[type] }
}

function sampleRequired(rule: unknown, except: readonly string[]): JsonObject {
  const required = isObject(rule) && Array.isArray(rule['required']) ? rule['required'] : []
  const names = required.filter(name => !except.includes(name))
  return Object.fromEntries(names.map(name => [name, sample(properties(rule)[name])]))
}

function sampleObject(rule: unknown): JsonObject {
  return Object.fromEntries(Object.entries(properties(rule)).map(([name, value]) => [name, sample(value)]))
}

/** A value that satisfies a rule: its default, its first choice, or the least that its type allows. */
function sample(rule: unknown): unknown {
  if (!isObject(rule)) return ''
  const preset = rule['default'] ?? rule['defaultVal']
  if (preset !== undefined) return preset
  if (Array.isArray(rule['enum'])) return rule['enum'][0]
  switch (rule['type']) {
    case 'object':
      return sampleObject(rule)
    case 'array':
      return []
    case 'boolean':
      return false
    case 'integer':
    case 'number':
      return rule['minimum'] ?? 0
    default:
      return 'a'.repeat(Number(rule['minLength'] ?? 0))
  }
}

function properties(schema: unknown): JsonObject {
  const found = isObject(schema) ? schema['properties'] : undefined
  return isObject(found) ? found : {}
}
