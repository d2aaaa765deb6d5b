import type { JsonObject, ModelSchema } from '../../core/model.js'
import { DATA_TYPES } from '../../core/payload.js'
import { isObject } from '../shared/json-object.js'

/**
 * The wrapper's schema of a request as clients should see it: its parameters, which stand under its service id, under
 * the name by which the model is served, and no app id required (authentication asks for it, not the wrapper).
 */
export function requestSchema(schema: ModelSchema, name: string): JsonObject {
  return changeProperties(schema.request, {
    header: dropAppId,
    parameter: rule => renameService(rule, schema.serviceId, name),
  })
}

/**
 * The schema that requests must satisfy: as `requestSchema`, but parameters may stand under both names, and data may be
 * an object or an array instead of base64 (ASE protocol).
 */
export function acceptedSchema(schema: ModelSchema, name: string): JsonObject {
  const { $schema: _dialect, $id: _id, ...root } = requestSchema(schema, name)
  return changeProperties(root, {
    parameter: rule => alsoUnder(schema.serviceId, name, rule),
    payload: rule => changeEachProperty(rule, exemptData),
  })
}

/**
 * The part of `acceptedSchema` that the first frame of a session must satisfy: any payload will do, and the status of
 * the header is that of a frame.
 */
export function demandSchema(schema: ModelSchema, name: string): JsonObject {
  const { required, ...accepted } = acceptedSchema(schema, name)
  const free = changeProperties(accepted, {
    header: rule => changeProperties(rule, { status: () => ANYTHING }),
    payload: () => ANYTHING,
  })
  return Array.isArray(required) ? { ...free, required: required.filter(key => key !== 'payload') } : free
}

const ANYTHING: JsonObject = {}

function dropAppId(header: JsonObject): JsonObject {
  const { required, ...rest } = header
  if (!Array.isArray(required)) return header
  return { ...rest, required: required.filter(key => key !== 'appid' && key !== 'app_id') }
}

function renameService(parameter: JsonObject, serviceId: string, name: string): JsonObject {
  const { properties, required } = parameter
  if (name === serviceId || !isObject(properties) || !(serviceId in properties)) return parameter
  const { [serviceId]: own, ...others } = properties
  const renamed = { ...parameter, properties: { [name]: own, ...others } }
  return Array.isArray(required)
    ? { ...renamed, required: required.map(key => (key === serviceId ? name : key)) }
    : renamed
}

function alsoUnder(serviceId: string, name: string, parameter: JsonObject): JsonObject {
  const { properties } = parameter
  if (!isObject(properties) || !(name in properties)) return parameter
  return { ...parameter, properties: { [serviceId]: properties[name], ...properties } }
}

function exemptData(entry: JsonObject): JsonObject {
  const changes = Object.fromEntries(DATA_TYPES.map(type => [type, allowStructure]))
  return changeProperties(entry, changes)
}

/** `else` and not `anyOf`, so that an error names the rule of the wrapper and not this one. */
function allowStructure(rule: JsonObject): JsonObject {
  return { if: { type: ['object', 'array'] }, else: rule }
}

type Change = (rule: JsonObject) => JsonObject

/** Changes every property of a JSON schema, or of what is one in OpenAPI. */
export function changeEachProperty(schema: JsonObject, change: Change): JsonObject {
  if (!isObject(schema['properties'])) return schema
  const names = Object.keys(schema['properties'])
  return changeProperties(schema, Object.fromEntries(names.map(name => [name, change])))
}

/** Changes the named ones of its properties, where it has them. */
export function changeProperties(schema: JsonObject, changes: Readonly<Record<string, Change>>): JsonObject {
  const { properties } = schema
  if (!isObject(properties)) return schema
  const changed = Object.entries(properties).map(([name, rule]) => {
    const change = changes[name]
    return [name, change !== undefined && isObject(rule) ? change(rule) : rule]
  })
  return { ...schema, properties: Object.fromEntries(changed) }
}
