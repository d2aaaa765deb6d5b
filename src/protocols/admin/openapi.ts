import type { Reason } from '../../core/error.js'
import type { JsonObject, ModelInfo } from '../../core/model.js'
import { BODY_REASONS, COMMON_REASONS, errorResponses, MODEL_REASONS } from '../shared/openapi-errors.js'
import { type OpenApiPart, schemaRef } from '../shared/openapi-part.js'
import { pathBelow } from '../shared/request-path.js'
import { describeModel } from './codec.js'
import { adminStatus } from './error-map.js'

const TAG = 'Admin'

/** Describes the admin API; its examples act on the first model. */
export function adminOpenApi(models: readonly ModelInfo[], basePath: string): OpenApiPart {
  const [first] = models
  const name = first?.name ?? 'svcName'
  const example = first ? describeModel(first) : undefined
  const one = { schema: schemaRef('AdminModel'), ...(example && { example }) }
  const parameter = {
    name: 'name',
    in: 'path',
    required: true,
    description: 'Name or alias',
    schema: TEXT,
    example: name,
  }
  const version = {
    ...{ name: 'version', in: 'query', required: false, schema: TEXT },
    description: 'Default: all versions of the model',
  }
  const change = (id: string, summary: string): JsonObject => ({
    post: operation(`admin${id}`, summary, one, CHANGE_REASONS, { parameters: [parameter, version] }),
  })
  const slots = {
    parameters: [parameter],
    requestBody: {
      required: true,
      content: { 'application/json': { schema: schemaRef('AdminSlots'), example: { slots: 8 } } },
    },
  }
  const list = { schema: schemaRef('AdminModels'), ...(example && { example: { models: models.map(describeModel) } }) }
  const paths = {
    models: { get: operation('adminList', 'The models, with all versions, and why one is not ready', list, []) },
    'models/{name}': { get: operation('adminGet', 'One model', one, MODEL_REASONS, { parameters: [parameter] }) },
    'models/{name}/load': change('Load', 'Start a model that does not run; answers when it is ready'),
    'models/{name}/unload': change('Unload', 'Let what is in flight end, then stop the plugins of a model'),
    'models/{name}/reload': change('Reload', 'Exchange the plugins of a model for new ones, without a failed request'),
    'models/{name}/slots': {
      post: operation('adminSlots', 'Change how many requests may be in flight', one, SLOTS_REASONS, slots),
    },
  }
  return {
    tags: [{ name: TAG, description: 'Models of the running daemon. Every request needs the token of `[admin]`.' }],
    paths: Object.fromEntries(Object.entries(paths).map(([path, item]) => [pathBelow(basePath, path), item])),
    schemas: SCHEMAS,
    responses: { AdminError: ERROR_RESPONSE },
    securitySchemes: { adminToken: { type: 'http', scheme: 'bearer' } },
  }
}

const CHANGE_REASONS: readonly Reason[] = [...MODEL_REASONS, 'message_too_large', 'misconfigured', 'not_ready']
const SLOTS_REASONS: readonly Reason[] = [...MODEL_REASONS, ...BODY_REASONS, 'parameter_missing']

/** @param reasons why it may fail, beside those of all */
function operation(
  operationId: string,
  summary: string,
  answer: JsonObject,
  reasons: readonly Reason[],
  asked: JsonObject = {},
): JsonObject {
  return {
    ...{ tags: [TAG], operationId, summary, security: [{ adminToken: [] }] },
    ...asked,
    responses: {
      200: { description: 'Done', content: { 'application/json': answer } },
      ...errorResponses('AdminError', [...COMMON_REASONS, ...reasons], adminStatus),
    },
  }
}

const TEXT: JsonObject = { type: 'string' }
const READINESS = { ready: { type: 'boolean' }, why: { ...TEXT, description: 'why it is not ready' } }

const SCHEMAS: JsonObject = {
  AdminModels: { type: 'object', properties: { models: { type: 'array', items: schemaRef('AdminModel') } } },
  AdminModel: {
    type: 'object',
    properties: {
      name: TEXT,
      version: { ...TEXT, description: 'the one that answers requests that name none' },
      aliases: { type: 'array', items: TEXT },
      mid: { type: 'integer' },
      ...READINESS,
      wrapperVersion: TEXT,
      versions: { type: 'array', items: { type: 'object', properties: { version: TEXT, ...READINESS } } },
    },
  },
  AdminSlots: {
    type: 'object',
    properties: { slots: { type: 'integer', minimum: 1, maximum: Number.MAX_SAFE_INTEGER } },
    required: ['slots'],
  },
  AdminError: {
    type: 'object',
    properties: { error: { type: 'object', properties: { reason: TEXT, message: TEXT } } },
  },
}

const ERROR_RESPONSE: JsonObject = {
  description: '401 without the token, 404 for a model or version that there is not, 422 when a wrapper does not start',
  content: {
    'application/json': {
      schema: schemaRef('AdminError'),
      example: { error: { reason: 'model_unknown', message: "no service 'x'; there is svcName" } },
    },
  },
}
