import type { Reason } from '../../core/error.js'
import type { JsonObject, ModelInfo, TensorSpec } from '../../core/model.js'
import type { DataType } from '../../core/payload.js'
import { BODY_REASONS, COMMON_REASONS, errorResponses, MODEL_REASONS } from '../shared/openapi-errors.js'
import { LIMIT_PARAMETERS, RETRY_HEADERS } from '../shared/openapi-limits.js'
import { type OpenApiPart, schemaRef } from '../shared/openapi-part.js'
import { pathBelow } from '../shared/request-path.js'
import { sampleInput } from '../shared/sample-data.js'
import { mindSporeStatus, NOT_ADMITTED } from './error-map.js'
import { inputsOf } from './instance-payloads.js'
import { methodOf, methodsOf } from './request.js'

const TAG = 'MindSpore Serving'

/** Describes every method of every model, with an example that the model takes. */
export function mindSporeOpenApi(models: readonly ModelInfo[], basePath: string): OpenApiPart {
  const items = models.flatMap(model =>
    methodsOf(model).map(method => {
      const path = pathBelow(basePath, `model/${model.name}:${method}`)
      return [path, { post: operation(model, method) }] as const
    }),
  )
  return {
    tags: [{ name: TAG, description: ABOUT }],
    paths: Object.fromEntries(items),
    schemas: SCHEMAS,
    responses: { MindSporeError: ERROR_RESPONSE },
  }
}

const ABOUT = [
  'Instances in, instances out, in the words of MindSpore Serving: JSON numbers and booleans, lists of them in lists,',
  'strings, or `{"b64": …, "type": …, "shape": …}`. A version may stand in the path: `/model/NAME/version/1:METHOD`.',
].join(' ')

/** Why a request fails as a whole; what becomes of an instance stands in its answer. */
const REASONS_OF_WHOLE: readonly Reason[] = [...COMMON_REASONS, ...MODEL_REASONS, ...BODY_REASONS, ...NOT_ADMITTED]

function operation(model: ModelInfo, method: string): JsonObject {
  const schema = schemaRef('MindSporeRequest')
  const answer = { schema: schemaRef('MindSporeAnswer') }
  return {
    tags: [TAG],
    summary: `${model.name}: ${method}`,
    operationId: `mindSpore ${model.name} ${method}`,
    parameters: LIMIT_PARAMETERS,
    requestBody: {
      required: true,
      content: { 'application/json': { schema, example: exampleRequest(model, method) } },
    },
    responses: {
      200: { description: 'One answer for each instance, in order', content: { 'application/json': answer } },
      ...errorResponses('MindSporeError', REASONS_OF_WHOLE, mindSporeStatus),
    },
  }
}

function exampleRequest(model: ModelInfo, name: string): JsonObject {
  const { tensors, plain } = inputsOf(model, methodOf(model, name))
  const values = new Map<string, unknown>()
  for (const [key, type] of plain) values.set(key, plainExample(model, key, type))
  for (const [key, spec] of tensors) values.set(key, tensorExample(spec))
  return { instances: [values.size === 0 ? { input: 'hello' } : Object.fromEntries(values)] }
}

function plainExample({ schema }: ModelInfo, key: string, type: DataType): unknown {
  const b64 = sampleInput(schema, key, type)
  return type === 'text' ? Buffer.from(b64, 'base64').toString() : { b64 }
}

/** Numbers in the shape of a tensor, with 1 for every size that is open. */
function tensorExample({ datatype, shape }: TensorSpec): unknown {
  if (datatype === 'BYTES') return 'hello'
  const element = datatype === 'BOOL' ? true : datatype.includes('INT') ? 1 : 0.5
  return shape.reduceRight<unknown>((value, size) => Array.from({ length: Math.max(1, size) }, () => value), element)
}

const INSTANCE: JsonObject = { type: 'object', minProperties: 1, description: 'inputs of the method by name' }

const SCHEMAS: JsonObject = {
  MindSporeRequest: {
    type: 'object',
    properties: { instances: { type: 'array', minItems: 1, items: INSTANCE } },
    required: ['instances'],
    additionalProperties: false,
  },
  MindSporeAnswer: {
    type: 'object',
    properties: {
      instances: {
        type: 'array',
        items: { type: 'object', description: 'outputs by name, or `error_msg` alone for an instance that failed' },
      },
    },
    required: ['instances'],
  },
  MindSporeError: { type: 'object', properties: { error_msg: { type: 'string' } }, required: ['error_msg'] },
}

const ERROR_RESPONSE: JsonObject = {
  description: 'The request as a whole failed',
  headers: RETRY_HEADERS,
  content: {
    'application/json': {
      schema: schemaRef('MindSporeError'),
      example: { error_msg: 'Parse request failed, Illegal JSON format. Object key expected' },
    },
  },
}
