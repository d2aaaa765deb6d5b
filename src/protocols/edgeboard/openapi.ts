import { REASONS, type Reason } from '../../core/error.js'
import type { JsonObject, ModelInfo } from '../../core/model.js'
import { HTTP_STATUS } from '../shared/http-status.js'
import { BODY_REASONS, CALL_REASONS, COMMON_REASONS, errorResponses } from '../shared/openapi-errors.js'
import { LIMIT_PARAMETERS, RETRY_HEADERS } from '../shared/openapi-limits.js'
import { type OpenApiPart, schemaRef } from '../shared/openapi-part.js'
import { pathBelow } from '../shared/request-path.js'
import { sampleInput } from '../shared/sample-data.js'
import { pictureInput } from './codec.js'
import { EDGEBOARD_CODES } from './error-map.js'

const TAG = 'EdgeBoard'

/** Describes the three routes; their examples run on the first model that has a `mid`. */
export function edgeBoardOpenApi(models: readonly ModelInfo[], basePath: string): OpenApiPart {
  const numbered = models.filter(({ mid }) => mid !== undefined)
  const [first] = numbered
  const mid = parameter('mid', MID, `Number of the model: ${listOf(numbered)}`, first?.mid ?? 0, true)
  const picture = sampleInput(first?.schema, pictureInput(first?.schema), 'image')
  const paths = {
    base64: operation('edgeBoardBase64', 'Find something in a picture, sent in base64', ONE, {
      parameters: [mid],
      content: {
        'application/json': { schema: schemaRef('EdgeBoardPicture'), example: { image: picture, show: false } },
      },
    }),
    binary: operation('edgeBoardBinary', 'The same, the picture sent as it is', ONE, {
      parameters: [mid, SHOW],
      content: { 'image/*': { schema: BINARY } },
    }),
    multipart: operation('edgeBoardMultipart', 'The same with several models at a time', SEVERAL, {
      parameters: [SHOW],
      // What becomes of a model stands in its answer.
      reasons: [...COMMON_REASONS, ...BODY_REASONS, 'model_unknown'],
      content: {
        'multipart/form-data': { schema: FORM, example: { mids: JSON.stringify(numbered.map(model => model.mid)) } },
      },
    }),
  }
  return {
    tags: [{ name: TAG, description: 'EdgeBoard HTTP inference: a picture in, what was found in it out.' }],
    paths: Object.fromEntries(Object.entries(paths).map(([name, item]) => [pathBelow(basePath, name), item])),
    schemas: SCHEMAS,
    responses: { EdgeBoardError: ERROR_RESPONSE },
  }
}

const TEXT: JsonObject = { type: 'string' }
const NUMBER: JsonObject = { type: 'number' }
const INTEGER: JsonObject = { type: 'integer' }
const MID: JsonObject = { type: 'integer', minimum: 0, maximum: 999_999_999_999_999 }
const BINARY: JsonObject = { type: 'string', format: 'binary' }

const MIDS: JsonObject = {
  type: 'string',
  pattern: '^\\[(0|[1-9]\\d{0,14})(,(0|[1-9]\\d{0,14}))*\\]$',
  description: 'numbers of the models, each of them once, such as `[0,1]`',
}

const FORM: JsonObject = {
  type: 'object',
  properties: { file: BINARY, mids: MIDS },
  required: ['file', 'mids'],
}

const SHOW = parameter('show', TEXT, '1 or true asks for the picture with the hits drawn', '0')

function parameter(name: string, schema: JsonObject, description: string, example: unknown, required = false) {
  return { name, in: 'query', required, description, schema, example }
}

const FOUND = {
  result: [{ index: 0, label: 'face', score: 0.98, location: { left: 171.1, top: 113.7, width: 275, height: 361.7 } }],
}

/** What comes back: the schema and an example. */
const ONE = { schema: schemaRef('EdgeBoardAnswer'), example: { code: 0, data: FOUND, msg: 'success' } }
const SEVERAL = {
  schema: schemaRef('EdgeBoardAnswers'),
  example: { code: 0, data: [{ model_id: 0, ...FOUND }], msg: 'success' },
}

interface Asked {
  readonly parameters: readonly JsonObject[]
  readonly content: JsonObject
  /** Why it may fail as a whole. Default: as whatever runs a model. */
  readonly reasons?: readonly Reason[]
}

function operation(
  operationId: string,
  summary: string,
  answer: JsonObject,
  { parameters, content, reasons = CALL_REASONS }: Asked,
): JsonObject {
  return {
    post: {
      tags: [TAG],
      summary,
      operationId,
      parameters: [...parameters, ...LIMIT_PARAMETERS],
      requestBody: { required: true, content },
      responses: {
        200: { description: 'What was found', content: { 'application/json': answer } },
        ...errorResponses('EdgeBoardError', reasons),
      },
    },
  }
}

function listOf(models: readonly ModelInfo[]): string {
  return models.map(({ mid, name }) => `${mid} is ${name}`).join(', ') || 'no model has one yet'
}

function object(properties: JsonObject, required: readonly string[]): JsonObject {
  return { type: 'object', properties, required }
}

const LOCATION = object({ left: NUMBER, top: NUMBER, width: NUMBER, height: NUMBER }, [
  'left',
  'top',
  'width',
  'height',
])
const HIT = object(
  {
    index: INTEGER,
    label: TEXT,
    score: { ...NUMBER, minimum: 0, maximum: 1 },
    location: { ...LOCATION, description: 'in pixels of the picture that was sent' },
    extended: { type: 'object', description: 'whatever else the model tells' },
  },
  ['index', 'label', 'score', 'location'],
)
const FAILURE = object({ code: INTEGER, msg: TEXT }, ['code', 'msg'])
const FINDINGS = {
  result: { type: 'array', items: schemaRef('EdgeBoardHit') },
  image: { ...TEXT, description: 'the picture with the hits drawn, in base64; only with show' },
}

const SCHEMAS: JsonObject = {
  EdgeBoardPicture: object(
    {
      image: { ...TEXT, format: 'byte', description: 'base64, without a `data:` prefix' },
      show: { description: 'true, "true", 1 or "1" asks for the picture with the hits drawn', default: false },
    },
    ['image'],
  ),
  EdgeBoardHit: HIT,
  EdgeBoardAnswer: object({ code: INTEGER, data: object(FINDINGS, ['result']), msg: TEXT }, ['code', 'data', 'msg']),
  EdgeBoardAnswers: object(
    { code: INTEGER, data: { type: 'array', items: schemaRef('EdgeBoardModelAnswer') }, msg: TEXT },
    ['code', 'data', 'msg'],
  ),
  EdgeBoardModelAnswer: {
    oneOf: [
      object({ model_id: INTEGER, ...FINDINGS }, ['model_id', 'result']),
      object({ model_id: INTEGER, code: INTEGER, msg: TEXT }, ['model_id', 'code', 'msg']),
    ],
  },
  EdgeBoardFailure: FAILURE,
}

/** One for all errors: their code, not their status, tells them apart. */
const ERROR_RESPONSE: JsonObject = {
  description: Object.entries(EDGEBOARD_CODES)
    .map(([reason, code]) => {
      return `- **${code}** (HTTP ${HTTP_STATUS[reason as Reason]}): ${REASONS[reason as Reason].meaning}`
    })
    .join('\n'),
  headers: RETRY_HEADERS,
  content: {
    'application/json': {
      schema: schemaRef('EdgeBoardFailure'),
      example: { code: EDGEBOARD_CODES.model_unknown, msg: REASONS.model_unknown.meaning },
    },
  },
}
