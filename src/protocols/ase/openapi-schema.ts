import type { JsonObject } from '../../core/model.js'
import { isObject } from '../shared/json-object.js'

/** Keywords that mean the same in a JSON schema and in an OpenAPI 3.0 schema object, and hold no further schemas. */
const PLAIN = [
  'title description format pattern enum nullable readOnly writeOnly deprecated example minimum maximum multipleOf',
  'minLength maxLength minItems maxItems uniqueItems minProperties maxProperties',
].flatMap(line => line.split(' '))

const TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array']

/**
 * Turns a JSON schema, of any draft, into an OpenAPI 3.0.3 schema object. `defaultVal` becomes `default`; what 3.0 spells
 * otherwise is translated, what it does not have is left out.
 */
export function openApiSchema(schema: unknown): JsonObject {
  if (!isObject(schema)) return {}
  const preset = schema['default'] ?? schema['defaultVal']
  return {
    ...Object.fromEntries(PLAIN.filter(name => schema[name] !== undefined).map(name => [name, schema[name]])),
    ...(preset !== undefined && { default: preset }),
    ...('const' in schema && { enum: [schema['const']] }),
    ...translateType(schema),
    ...translateBound(schema, 'minimum', 'exclusiveMinimum'),
    ...translateBound(schema, 'maximum', 'exclusiveMaximum'),
    ...translateMembers(schema),
    ...translateCombinations(schema),
  }
}

function translateType(schema: JsonObject): JsonObject {
  const names = Array.isArray(schema['type']) ? schema['type'] : [schema['type']]
  const type = names.find(name => TYPES.includes(name))
  if (type === undefined) return {}
  return {
    type,
    ...(names.includes('null') && { nullable: true }),
    ...(type === 'array' && { items: openApiSchema(schema['items']) }),
  }
}

function translateBound(schema: JsonObject, bound: string, exclusive: string): JsonObject {
  const value = schema[exclusive]
  if (typeof value === 'number') return { [bound]: value, [exclusive]: true }
  return typeof value === 'boolean' ? { [exclusive]: value } : {}
}

function translateMembers({ properties, required, additionalProperties: others }: JsonObject): JsonObject {
  return {
    ...(isObject(properties) && { properties: mapValues(properties, openApiSchema) }),
    ...(Array.isArray(required) && required.length > 0 && { required }),
    ...(typeof others === 'boolean' && { additionalProperties: others }),
    ...(isObject(others) && { additionalProperties: openApiSchema(others) }),
  }
}

function translateCombinations(schema: JsonObject): JsonObject {
  const found: Record<string, unknown> = {}
  for (const name of ['allOf', 'anyOf', 'oneOf']) {
    const parts = schema[name]
    if (Array.isArray(parts) && parts.length > 0) found[name] = parts.map(openApiSchema)
  }
  if (isObject(schema['not'])) found['not'] = openApiSchema(schema['not'])
  return found
}

function mapValues(object: JsonObject, change: (value: unknown) => unknown): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]))
}
