import type { JsonObject, ModelSchema, OutputSchema } from '../core/model.js'
import { DATA_TYPES, type DataType } from '../core/payload.js'

/**
 * Reads the schema JSON of a wrapper (plugin protocol 1, "Schema JSON"). Wrappers in the field differ in details, so
 * what is missing is left out rather than refused.
 * @throws Error when the text is not JSON or not an object
 */
export function parseWrapperSchema(text: string): ModelSchema {
  const root = object(JSON.parse(text))
  if (root === undefined) throw new Error('the schema is not a JSON object')
  const meta = object(root['meta']) ?? {}
  const serviceId = string(meta['serviceId']) ?? ''
  const declared = object(meta[serviceId]) ?? {}
  const response = object(root['schemaoutput']) ?? {}
  const schema = {
    serviceId,
    version: string(meta['version']) ?? '',
    routes: routes(meta['route']),
    inputs: new Map(entries(declared['input']).map(([key, value]) => [key, dataType(value['dataType'])])),
    outputs: outputs(object(declared['accept']) ?? {}, response),
    request: object(root['schemainput']) ?? {},
    response,
  }
  const example = object(root['example'])
  return example === undefined ? schema : { ...schema, example }
}

function outputs(accept: JsonObject, response: JsonObject): Map<string, OutputSchema> {
  const payload = object(object(object(response['properties'])?.['payload'])?.['properties']) ?? {}
  return new Map(
    entries(accept).map(([key, value]) => {
      const type = dataType(value['dataType'])
      return [key, { type, attributes: defaults(object(object(payload[key])?.['properties']) ?? {}) }]
    }),
  )
}

const RESULT_ATTRIBUTES = ['encoding', 'compress', 'format', 'sample_rate', 'channels', 'bit_depth', 'frame_size']

function defaults(properties: JsonObject): Record<string, string> {
  const found: Record<string, string> = {}
  for (const name of RESULT_ATTRIBUTES) {
    const rule = object(properties[name])
    const choices = rule?.['enum']
    // Several choices say what the output may be, not what it is.
    const only = Array.isArray(choices) && choices.length === 1 ? choices[0] : undefined
    const value = rule?.['default'] ?? rule?.['defaultVal'] ?? only
    if (typeof value === 'string' || typeof value === 'number') found[name] = String(value)
  }
  return found
}

function routes(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((route): route is string => typeof route === 'string' && route.startsWith('/'))
}

function dataType(value: unknown): DataType {
  return DATA_TYPES.find(type => type === value) ?? 'other'
}

function entries(value: unknown): [string, JsonObject][] {
  return Object.entries(object(value) ?? {}).map(([key, entry]) => [key, object(entry) ?? {}])
}

function object(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined
}

function string(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}
