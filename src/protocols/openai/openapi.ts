import { REASONS, type Reason } from '../../core/error.js'
import type { JsonObject, ModelInfo } from '../../core/model.js'
import { EVENT_STREAM_TYPE } from '../shared/event-stream.js'
import { HTTP_STATUS } from '../shared/http-status.js'
import { CALL_REASONS, COMMON_REASONS, errorResponses, MODEL_REASONS } from '../shared/openapi-errors.js'
import { LIMIT_PARAMETERS, RETRY_HEADERS } from '../shared/openapi-limits.js'
import { type OpenApiPart, schemaRef } from '../shared/openapi-part.js'
import { pathBelow } from '../shared/request-path.js'
import { OPENAI_ERRORS } from './error-map.js'

const TAG = 'OpenAI chat'

/** Describes chat completions, with an example for the first model that chats. */
export function openAiOpenApi(models: readonly ModelInfo[], base: string): OpenApiPart {
  const names = models.map(({ name }) => `\`${name}\``).join(', ')
  const model = models[0]?.name ?? 'svcName'
  return {
    tags: [{ name: TAG, description: `For models whose wrapper chats (\`wrapperChat\`): ${names || 'none so far'}.` }],
    paths: {
      [pathBelow(base, 'chat/completions')]: { post: completionOperation(model) },
      [pathBelow(base, 'models')]: {
        get: {
          ...{ tags: [TAG], operationId: 'openaiListModels', summary: 'The models that chat' },
          responses: { 200: json('The models', schemaRef('OpenAiModelList')), ...errors(COMMON_REASONS) },
        },
      },
      [pathBelow(base, 'models/{id}')]: {
        get: {
          ...{ tags: [TAG], operationId: 'openaiGetModel', summary: 'One model that chats' },
          parameters: [{ name: 'id', in: 'path', required: true, schema: TEXT, example: model }],
          responses: {
            200: json('The model', schemaRef('OpenAiModel')),
            ...errors([...COMMON_REASONS, ...MODEL_REASONS]),
          },
        },
      },
    },
    schemas: SCHEMAS,
    responses: { OpenAiError: { ...json(ERROR_TABLE, schemaRef('OpenAiError')), headers: RETRY_HEADERS } },
  }
}

function completionOperation(model: string): JsonObject {
  const messages = [{ role: 'user', content: 'Hello!' }]
  return {
    ...{ tags: [TAG], operationId: 'openaiChatCompletion', summary: 'Answer a conversation' },
    description: [
      'With `stream` true the answer comes in pieces, as server-sent events whose data is a chunk; the last one is',
      '`[DONE]`. An error after the first chunk is an event with an error object. `stop` is heeded whatever the wrapper',
      'does. All other members reach the wrapper as parameters. `usage` is there when the model counts.',
    ].join('\n'),
    parameters: LIMIT_PARAMETERS,
    requestBody: {
      required: true,
      content: {
        'application/json': {
          schema: schemaRef('OpenAiChatRequest'),
          examples: {
            whole: { summary: 'A whole answer', value: { model, messages, max_tokens: 64 } },
            stream: { summary: 'In pieces', value: { model, messages, max_tokens: 64, stream: true } },
          },
        },
      },
    },
    responses: {
      200: {
        description: 'The answer, whole or in pieces',
        content: {
          'application/json': { schema: schemaRef('OpenAiChatCompletion') },
          [EVENT_STREAM_TYPE]: { example: 'data: {"choices":[…]}\n\ndata: [DONE]\n\n' },
        },
      },
      // Results may come faster than they are put together, as those of a stream.
      ...errors([...CALL_REASONS, 'reader_too_slow']),
    },
  }
}

function json(description: string, schema: JsonObject): JsonObject {
  return { description, content: { 'application/json': { schema } } }
}

const errors = (reasons: readonly Reason[]) => errorResponses('OpenAiError', reasons)

/** Markdown: every error with its status. Who cancelled a request gets no answer to read. */
const ERROR_TABLE = [
  'An error; `param` names the member of the request that is wrong.',
  '',
  ...(Object.keys(REASONS) as Reason[])
    .filter(reason => reason !== 'cancelled')
    .map(reason => `- ${HTTP_STATUS[reason]} **${OPENAI_ERRORS[reason].code}**: ${REASONS[reason].meaning}.`),
].join('\n')

const TEXT: JsonObject = { type: 'string' }
const COUNT: JsonObject = { type: 'integer', minimum: 0 }
const WORDS: JsonObject = { type: 'string', minLength: 1 }
const MAX_INTEGER = Number.MAX_SAFE_INTEGER
const TOKENS: JsonObject = { type: 'integer', minimum: 1, maximum: MAX_INTEGER, nullable: true }
const NULLABLE_TEXT: JsonObject = { type: 'string', nullable: true }

const TEXT_PART: JsonObject = {
  type: 'object',
  properties: { type: { type: 'string', enum: ['text'] }, text: TEXT },
  required: ['type', 'text'],
}
const CONTENT: JsonObject = {
  description: 'a text, or a list of text parts',
  anyOf: [TEXT, { type: 'array', items: TEXT_PART }],
}

/** Only a stream has options. */
const STREAMING: JsonObject = { required: ['stream'], properties: { stream: { type: 'boolean', enum: [true] } } }

function messageOf(roles: readonly string[], members: JsonObject = {}): JsonObject {
  const properties = { role: { type: 'string', enum: roles }, content: CONTENT, ...members }
  return { type: 'object', properties, required: ['role', 'content', ...Object.keys(members)] }
}

const SCHEMAS: JsonObject = {
  OpenAiMessage: {
    oneOf: [messageOf(['system', 'developer', 'user', 'assistant']), messageOf(['tool'], { tool_call_id: TEXT })],
  },
  OpenAiChatRequest: {
    type: 'object',
    properties: {
      model: WORDS,
      messages: { type: 'array', minItems: 1, items: schemaRef('OpenAiMessage') },
      stream: { type: 'boolean', default: false, nullable: true },
      stream_options: {
        type: 'object',
        properties: { include_usage: { type: 'boolean', nullable: true } },
        nullable: true,
      },
      stop: {
        anyOf: [
          { ...WORDS, nullable: true },
          { type: 'array', maxItems: 4, items: WORDS },
        ],
      },
      max_completion_tokens: TOKENS,
      max_tokens: { ...TOKENS, description: 'the older name of max_completion_tokens' },
      temperature: { type: 'number', minimum: 0, maximum: 2, nullable: true },
      top_p: { type: 'number', minimum: 0, maximum: 1, nullable: true },
      seed: { type: 'integer', minimum: -MAX_INTEGER, maximum: MAX_INTEGER, nullable: true },
      n: { type: 'integer', enum: [1, null], nullable: true },
    },
    required: ['model', 'messages'],
    additionalProperties: true,
    allOf: [
      { not: { required: ['max_tokens', 'max_completion_tokens'] } },
      { anyOf: [{ not: { required: ['stream_options'] } }, STREAMING] },
    ],
  },
  OpenAiUsage: {
    type: 'object',
    properties: { prompt_tokens: COUNT, completion_tokens: COUNT, total_tokens: COUNT },
  },
  OpenAiChatCompletion: {
    type: 'object',
    properties: {
      id: TEXT,
      object: { type: 'string', enum: ['chat.completion'] },
      created: COUNT,
      model: TEXT,
      choices: {
        type: 'array',
        items: {
          type: 'object',
          properties: { index: COUNT, message: schemaRef('OpenAiMessage'), finish_reason: TEXT },
        },
      },
      usage: schemaRef('OpenAiUsage'),
    },
  },
  OpenAiModel: {
    type: 'object',
    properties: { id: TEXT, object: { type: 'string', enum: ['model'] }, created: COUNT, owned_by: TEXT },
  },
  OpenAiModelList: {
    type: 'object',
    properties: {
      object: { type: 'string', enum: ['list'] },
      data: { type: 'array', items: schemaRef('OpenAiModel') },
    },
  },
  OpenAiError: {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: { message: TEXT, type: TEXT, param: NULLABLE_TEXT, code: NULLABLE_TEXT },
        required: ['message', 'type', 'param', 'code'],
      },
    },
    required: ['error'],
  },
}
