import { REASONS, type Reason, TEMPORARY } from '../../core/error.js'
import type { JsonObject, ModelInfo, ModelSchema } from '../../core/model.js'
import { DATA_TYPES } from '../../core/payload.js'
import { EVENT_STREAM_TYPE } from '../shared/event-stream.js'
import { isObject } from '../shared/json-object.js'
import { LIMIT_PARAMETERS, RETRY_HEADERS } from '../shared/openapi-limits.js'
import { type OpenApiPart, schemaRef } from '../shared/openapi-part.js'
import { ASE_ERRORS, reasonsByStatus } from './error-map.js'
import { EXAMPLE_SID, exampleAnswer, exampleRequest } from './example.js'
import type { ModelPaths } from './model-paths.js'
import { openApiSchema } from './openapi-schema.js'
import { changeEachProperty, changeProperties, requestSchema } from './request-schema.js'

const TAG = 'ASE'

/**
 * Describes the models for clients of ASE: a POST operation for every path, with the wrapper's schema, an example that
 * runs as it stands, and every error answer.
 */
export function aseOpenApi(models: readonly ModelInfo[], paths: ModelPaths): OpenApiPart {
  const items = models.filter(isServed).flatMap(model => {
    const operation = describeModel(model)
    return paths.of(model).map((path, index) => {
      const summary = index === 0 ? `Run ${model.name} once` : "The same, at the wrapper's own path"
      return [path, { post: { ...operation, summary, operationId: `post${path}` } }] as const
    })
  })
  return {
    tags: [{ name: TAG, description: 'Inference over the ASE protocol: parameters and payloads in one JSON object.' }],
    paths: Object.fromEntries(items),
    schemas: { AseError: ERROR_ANSWER },
    responses: ERROR_RESPONSES,
  }
}

/** A wrapper that does nothing but chat, or has nothing but methods, has no request of ASE. */
function isServed({ abilities }: ModelInfo): boolean {
  return abilities === undefined || abilities.once || abilities.sessions
}

function describeModel(model: ModelInfo): JsonObject {
  const { name, schema } = model
  const example = exampleRequest(model)
  return {
    tags: [TAG],
    description: OTHER_WAYS,
    parameters: LIMIT_PARAMETERS,
    requestBody: { required: true, content: json(describeRequest(name, schema), example) },
    responses: {
      200: {
        description: 'The outputs of the model',
        content: {
          ...json(describeAnswer(schema), schema && exampleAnswer(schema)),
          [EVENT_STREAM_TYPE]: { example: EVENTS },
        },
      },
      ...Object.fromEntries(
        ERRORS_BY_STATUS.map(([http]) => [http, { $ref: `#/components/responses/${responseName(http)}` }]),
      ),
    },
  }
}

/** Markdown. OpenAPI has no operation for a WebSocket. */
const OTHER_WAYS = [
  'With `Accept: text/event-stream` the results come one by one, as server-sent events: `data` is an answer, the last one',
  'has `header.status` 2, and an error after the first one is an event named `error`.',
  '',
  'A WebSocket to the same path carries a session: every frame is a request as below with `header.status` 0 in the first',
  'frame, 1 in those that follow and 2 in the last; results come while frames are still being sent, all data in base64.',
].join('\n')

/** Without a schema: OpenAPI 3.0 does not say whether it would be that of the whole or of one event. */
const EVENTS = 'data: {"header":{"code":0,"sid":"…","status":2},"payload":{…}}\n\n'

function json(schema: JsonObject, example: JsonObject | undefined): JsonObject {
  return { 'application/json': { schema, ...(example !== undefined && { example }) } }
}

const ANY_OBJECT: JsonObject = { type: 'object' }
/** Data that is no base64 reaches the wrapper as JSON. */
const STRUCTURES: readonly JsonObject[] = [ANY_OBJECT, { type: 'array', items: {} }]
const ANY_DATA: JsonObject = {
  type: 'object',
  oneOf: DATA_TYPES.map(type => ({
    properties: { [type]: { anyOf: [{ type: 'string', format: 'byte' }, ...STRUCTURES] } },
    required: [type],
  })),
}
const ANY_REQUEST: JsonObject = {
  type: 'object',
  properties: { header: ANY_OBJECT, parameter: ANY_OBJECT, payload: ANY_OBJECT },
}

function describeRequest(name: string, schema: ModelSchema | undefined): JsonObject {
  const known = schema !== undefined && Object.keys(schema.request).length > 0
  return withProtocolRules(known ? openApiSchema(requestSchema(schema, name)) : ANY_REQUEST)
}

/** What every request has to keep to, whatever a wrapper says of its own: objects in the sections, and data. */
function withProtocolRules(request: JsonObject): JsonObject {
  const required = Array.isArray(request['required']) ? request['required'] : []
  return {
    ...changeProperties(request, {
      parameter: rule => ({ additionalProperties: { ...ANY_OBJECT, nullable: true }, ...rule }),
      payload: rule => ({ additionalProperties: ANY_DATA, ...changeEachProperty(rule, withData), minProperties: 1 }),
    }),
    required: [...new Set([...required, 'payload'])],
  }
}

/** @param entry of a payload, whose data stands under its type */
function withData(entry: JsonObject): JsonObject {
  const { properties, required } = entry
  const type = isObject(properties) ? DATA_TYPES.find(name => name in properties) : undefined
  if (type === undefined) return entry
  return {
    ...changeProperties(entry, { [type]: rule => ({ anyOf: [{ ...rule, format: 'byte' }, ...STRUCTURES] }) }),
    required: [...new Set([...(Array.isArray(required) ? required : []), type])],
  }
}

const TEXT: JsonObject = { type: 'string' }
const NUMBER: JsonObject = { type: 'integer' }
const ANSWER_HEADER: JsonObject = {
  type: 'object',
  properties: { code: NUMBER, message: TEXT, sid: TEXT, status: NUMBER },
  required: ['code', 'sid'],
}

function describeAnswer(schema: ModelSchema | undefined): JsonObject {
  const outputs = [...(schema?.outputs ?? [])].map(([key, { type }]) => {
    const declared = openApiSchema(propertyOf(propertyOf(schema?.response, 'payload'), key))
    const attributes = isObject(declared['properties']) ? declared['properties'] : {}
    // Numbers in a wrapper's schema, but strings in an answer over HTTP (golden transcript).
    return [key, { ...declared, type: 'object', properties: { ...attributes, seq: TEXT, status: TEXT, [type]: TEXT } }]
  })
  const payload = { type: 'object', properties: Object.fromEntries(outputs) }
  return { type: 'object', properties: { header: ANSWER_HEADER, payload }, required: ['header', 'payload'] }
}

function propertyOf(schema: unknown, name: string): unknown {
  const properties = isObject(schema) ? schema['properties'] : undefined
  return isObject(properties) ? properties[name] : undefined
}

const ERROR_ANSWER: JsonObject = {
  type: 'object',
  properties: {
    header: { ...ANSWER_HEADER, required: ['code', 'message', 'sid'] },
    payload: { type: 'object', nullable: true, description: 'always null' },
  },
  required: ['header', 'payload'],
}

/** Who cancelled a request gets no answer to read. */
const ERRORS_BY_STATUS = [...reasonsByStatus()].filter(([, reasons]) => !reasons.includes('cancelled'))

const ERROR_RESPONSES: JsonObject = Object.fromEntries(
  ERRORS_BY_STATUS.map(([http, reasons]) => [responseName(http), describeErrors(reasons)]),
)

function responseName(http: number): string {
  return `AseError${http}`
}

function describeErrors(reasons: readonly Reason[]): JsonObject {
  const lines = reasons.map(reason => {
    const { meaning, cure } = REASONS[reason]
    return `- **${ASE_ERRORS[reason].code}** (${reason}): ${meaning}. To do: ${cure}.`
  })
  const examples = reasons.map(reason => {
    const header = { code: ASE_ERRORS[reason].code, message: REASONS[reason].meaning, sid: EXAMPLE_SID }
    return [reason, { value: { header, payload: null } }]
  })
  const schema = schemaRef('AseError')
  return {
    description: lines.join('\n'),
    ...(reasons.some(reason => TEMPORARY.has(reason)) && { headers: RETRY_HEADERS }),
    content: { 'application/json': { schema, examples: Object.fromEntries(examples) } },
  }
}
