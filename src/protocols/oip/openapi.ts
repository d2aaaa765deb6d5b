import { REASONS, type Reason } from '../../core/error.js'
import type { JsonObject, ModelInfo } from '../../core/model.js'
import { HTTP_STATUS } from '../shared/http-status.js'
import { BODY_REASONS, CALL_REASONS, COMMON_REASONS, errorResponses, MODEL_REASONS } from '../shared/openapi-errors.js'
import { LIMIT_PARAMETERS, RETRY_HEADERS } from '../shared/openapi-limits.js'
import { type OpenApiPart, schemaRef } from '../shared/openapi-part.js'
import { pathBelow } from '../shared/request-path.js'
import { FIXED_DATATYPES } from '../shared/tensor-datatype.js'
import { exampleRequest } from './example.js'

const TAG = 'Open Inference Protocol'

/** The scheme of `[admin] token`. */
const TOKEN = 'oipAdminToken'

export interface Described {
  readonly basePath: string
  /** Whether models can be loaded and unloaded, with the admin's token. */
  readonly mayChange: boolean
  /** Whether the health of the server is shown to everybody, even where all else asks for an app. */
  readonly healthIsOpen: boolean
}

/** Describes the protocol's routes: those of the server, and for every model its tensors and a request that runs. */
export function oipOpenApi(
  models: readonly ModelInfo[],
  { basePath, mayChange, healthIsOpen }: Described,
): OpenApiPart {
  const served = models.filter(isServed)
  const first = served[0] ?? models[0]
  const name = first?.name ?? 'svcName'
  const version = first?.version ?? '1'
  const model = pathParameter('model', name)
  const ofVersion = [model, pathParameter('version', version)]
  const health = (item: ReturnType<typeof get>) => (healthIsOpen ? forEverybody(item) : item)
  const paths: Record<string, JsonObject> = {
    '': get('Server', 'What the server is and what it can'),
    'health/live': health(get('Live', 'The process serves')),
    'health/ready': health(get('Ready', 'A model is ready', [], ['not_ready'])),
    ...Object.fromEntries(served.map(info => [`models/${info.name}/infer`, { post: inferOperation(info) }])),
    'models/{model}': get('Model', 'The tensors of a model', [model]),
    'models/{model}/ready': get('ModelReady', 'The model is ready', [model], ['not_ready']),
    'models/{model}/config': get('ModelConfig', 'The configuration of a model', [model]),
    'models/{model}/stats': get('ModelStatistics', 'The counts of a model', [model]),
    'models/stats': get('Statistics', 'The counts of all models'),
    'models/{model}/versions/{version}': get('Version', 'The tensors of a version', ofVersion),
    'models/{model}/versions/{version}/ready': get('VersionReady', 'The version is ready', ofVersion, ['not_ready']),
    'models/{model}/versions/{version}/config': get('VersionConfig', 'The configuration of a version', ofVersion),
    'models/{model}/versions/{version}/stats': get('VersionStatistics', 'The counts of a version', ofVersion),
    'models/{model}/versions/{version}/infer': {
      post: {
        ...inferOperation(first),
        operationId: 'oipInferVersion',
        parameters: [...ofVersion, ...LIMIT_PARAMETERS],
      },
    },
    'repository/index': {
      post: {
        ...{ tags: [TAG], operationId: 'oipIndex', summary: 'Every version of every model and its state' },
        requestBody: body({ type: 'object', properties: { ready: FLAG } }, { ready: false }),
        responses: { 200: answer('The versions', { type: 'array', items: ANY }), ...errors(BODY_REASONS) },
      },
    },
    ...(mayChange && {
      'repository/models/{model}/load': { post: change('oipLoad', 'Start a model that is configured', model) },
      'repository/models/{model}/unload': { post: change('oipUnload', 'Stop a model', model) },
    }),
  }
  return {
    tags: [{ name: TAG, description: DESCRIPTION }],
    paths: Object.fromEntries(
      Object.entries(paths).map(([path, item]) => [path === '' ? basePath : pathBelow(basePath, path), item]),
    ),
    schemas: SCHEMAS,
    responses: { OipError: { ...answer(ERROR_TABLE, schemaRef('OipError')), headers: RETRY_HEADERS } },
    ...(mayChange && { securitySchemes: { [TOKEN]: { type: 'http', scheme: 'bearer' } } }),
  }
}

/** A wrapper that does nothing but chat or hold sessions has nothing to run here. */
function isServed({ abilities, methods = [] }: ModelInfo): boolean {
  return abilities?.once !== false || methods.length > 0
}

/** Markdown. */
const DESCRIPTION = [
  'Tensors in and out, as KServe and Triton have it; over gRPC as `inference.GRPCInferenceService`. A text or a file is a',
  'BYTES tensor with one element. Data that is no text stands behind the JSON (`binary_data_size`, header',
  '`Inference-Header-Content-Length`), or in base64 with the parameter `content_type` `base64`. The parameter `method`',
  'names one of the methods of a model, `timeout` is in microseconds; all others reach the wrapper.',
].join('\n')

function inferOperation(model: ModelInfo | undefined): JsonObject {
  return {
    ...{ tags: [TAG], operationId: `oipInfer/${model?.name}`, summary: `Run ${model?.name ?? 'a model'}` },
    parameters: LIMIT_PARAMETERS,
    requestBody: body(schemaRef('OipRequest'), model && exampleRequest(model)),
    responses: { 200: OUTPUTS, ...errors(CALL_REASONS) },
  }
}

/** @param further why it may fail, beside what its parameters may be */
function get(id: string, summary: string, parameters: readonly JsonObject[] = [], further: readonly Reason[] = []) {
  const reasons = parameters.length > 0 ? [...MODEL_REASONS, ...further] : further
  const responses: JsonObject = { 200: answer(summary, ANY), ...errors(reasons) }
  return { get: { tags: [TAG], operationId: `oip${id}`, summary, parameters, responses } }
}

/** The same, which asks for no app. */
function forEverybody({ get: { responses, ...described } }: ReturnType<typeof get>) {
  const { [HTTP_STATUS.unauthenticated]: _, ...others } = responses
  return { get: { ...described, responses: others, security: [] } }
}

function change(operationId: string, summary: string, model: JsonObject): JsonObject {
  const responses = { 200: answer('Done', ANY), ...errors([...BODY_REASONS, ...MODEL_REASONS, 'not_ready']) }
  const security = [{ [TOKEN]: [] }]
  return { tags: [TAG], operationId, summary, security, parameters: [model], requestBody: body(ANY, {}), responses }
}

function pathParameter(name: string, example: string): JsonObject {
  return { name, in: 'path', required: true, schema: { type: 'string' }, example }
}

function body(schema: JsonObject, example: JsonObject | undefined): JsonObject {
  return { content: { 'application/json': { schema, ...(example !== undefined && { example }) } } }
}

function answer(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } }
}

const errors = (reasons: readonly Reason[]) => errorResponses('OipError', [...COMMON_REASONS, ...reasons])

/** Markdown: every error with its status. Who cancelled a request gets no answer to read. */
const ERROR_TABLE = (Object.keys(REASONS) as Reason[])
  .filter(reason => reason !== 'cancelled')
  .map(reason => `- ${HTTP_STATUS[reason]} ${reason}: ${REASONS[reason].meaning}.`)
  .join('\n')

const ANY: JsonObject = { type: 'object' }
const TEXT: JsonObject = { type: 'string' }
const LIST: JsonObject = { type: 'array', items: {} }
const FLAG: JsonObject = { type: 'boolean', nullable: true }
const PARAMETER: JsonObject = { anyOf: [{ ...TEXT, nullable: true }, { type: 'number' }, { type: 'boolean' }] }
const PARAMETERS: JsonObject = { type: 'object', additionalProperties: PARAMETER, nullable: true }
const NAME: JsonObject = { type: 'string', minLength: 1 }
const TENSOR: JsonObject = {
  name: NAME,
  datatype: { ...TEXT, enum: [...Object.keys(FIXED_DATATYPES), 'BYTES'] },
  shape: { type: 'array', items: { type: 'integer', minimum: 0 }, maxItems: 64 },
  parameters: PARAMETERS,
  data: { ...LIST, description: 'the elements in row-major order, flat or as lists in lists' },
}

const OUTPUTS: JsonObject = {
  description: 'The outputs; those that were asked for as binary data stand behind the JSON',
  content: {
    'application/json': { schema: schemaRef('OipResponse') },
    'application/octet-stream': { schema: { type: 'string', format: 'binary' } },
  },
}

const SCHEMAS: JsonObject = {
  OipTensor: { type: 'object', properties: TENSOR, required: ['name', 'datatype', 'shape'] },
  OipRequest: {
    type: 'object',
    properties: {
      id: { ...TEXT, nullable: true },
      parameters: PARAMETERS,
      inputs: { type: 'array', minItems: 1, items: schemaRef('OipTensor') },
      outputs: {
        type: 'array',
        items: { type: 'object', properties: { name: NAME, parameters: PARAMETERS }, required: ['name'] },
        nullable: true,
      },
    },
    required: ['inputs'],
  },
  OipResponse: {
    type: 'object',
    properties: {
      ...{ model_name: TEXT, model_version: TEXT, id: TEXT },
      outputs: { type: 'array', items: schemaRef('OipTensor') },
    },
    required: ['model_name', 'model_version', 'outputs'],
  },
  OipError: { type: 'object', properties: { error: TEXT }, required: ['error'] },
}
