import * as z from 'zod'
import { ServiceError } from '../../core/error.js'
import type { InferenceRequest } from '../../core/inference.js'
import { CHAT_METHOD, type JsonObject } from '../../core/model.js'
import { Status } from '../../core/payload.js'
import { parseJsonObject } from '../shared/json-body.js'
import { asString } from '../shared/string-form.js'

/** What a client of chat completions asks for. */
export interface ChatRequest {
  readonly inference: InferenceRequest
  readonly stream: boolean
  /** Whether a stream ends with the usage, where the model counts. */
  readonly includeUsage: boolean
  /** Texts before the first of which the answer ends. */
  readonly stop: readonly string[]
}

/** OpenAI's own limit. */
const MAX_STOPS = 4

const textPart = z.looseObject({
  type: z.literal('text', 'only parts of the type text can be used'),
  text: z.string(),
})

/** A list of text parts means their texts one after the other. */
const content = z.union(
  [z.string(), z.array(textPart).transform(parts => parts.map(({ text }) => text).join(''))],
  'must be a string or a list of text parts',
)

const plainMessage = z.looseObject({ role: z.enum(['system', 'developer', 'user']), content })
const toolMessage = z.looseObject({ role: z.literal('tool'), content, tool_call_id: z.string() })
/** Calls of tools stand for a content. */
const assistantMessage = z
  .looseObject({ role: z.literal('assistant'), content: content.nullish(), tool_calls: z.array(z.unknown()).nullish() })
  .refine(message => message.content != null || message.tool_calls != null, {
    path: ['content'],
    error: 'must be there unless tool_calls is',
  })

const message = z.discriminatedUnion('role', [plainMessage, toolMessage, assistantMessage], {
  error: 'must be one of system, developer, user, assistant, tool',
})

const stop = z.union(
  [z.string().min(1), z.array(z.string().min(1)).max(MAX_STOPS)],
  `must be a string that is not empty, or a list of at most ${MAX_STOPS}`,
)

const tokens = z.int().min(1).nullish()
const only = (value: unknown, why: string) => z.literal(value as never, why).nullish()

const chatRequest = z
  .looseObject({
    model: z.string().min(1),
    messages: z.array(message),
    stream: z.boolean().nullish(),
    stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
    stop: stop.nullish(),
    max_tokens: tokens,
    max_completion_tokens: tokens,
    temperature: z.number().min(0).max(2).nullish(),
    top_p: z.number().min(0).max(1).nullish(),
    presence_penalty: z.number().min(-2).max(2).nullish(),
    frequency_penalty: z.number().min(-2).max(2).nullish(),
    seed: z.int().nullish(),
    n: only(1, 'must be 1: a request has one answer'),
    logprobs: only(false, 'is not supported'),
    tools: z.array(z.unknown()).max(0, 'is not supported').nullish(),
    functions: z.array(z.unknown()).max(0, 'is not supported').nullish(),
    modalities: z.array(z.literal('text', 'only text is supported')).nullish(),
    audio: z.null('is not supported').optional(),
  })
  .refine(({ stream, stream_options: options }) => options == null || stream === true, {
    path: ['stream_options'],
    error: 'may only be there when stream is true',
  })
  .refine(({ max_tokens: old, max_completion_tokens: current }) => old == null || current == null, {
    path: ['max_tokens'],
    error: 'may not be there beside max_completion_tokens',
  })

/**
 * Decodes a request for a chat completion. Members that concern the model are handed on as parameters.
 * @param body a Buffer, or nothing when the request has none
 * @throws ServiceError `body_not_json`, or `schema_violation` or `input_missing` whose message begins with the member that
 * is wrong
 */
export function parseChatRequest(body: unknown): ChatRequest {
  const parsed = chatRequest.safeParse(parseJsonObject(body).json)
  if (!parsed.success) throw new ServiceError('schema_violation', describe(parsed.error))
  if (parsed.data.messages.length === 0) throw new ServiceError('input_missing', 'messages: must not be empty')
  const { model, messages, stream, stream_options: options, stop: ends, ...others } = parsed.data
  const stops = [ends ?? []].flat()
  const data = Buffer.from(asString(messages))
  return {
    inference: {
      model,
      method: CHAT_METHOD,
      parameters: parametersOf({ ...others, stop: stops.length > 0 ? stops : null }),
      payloads: [{ key: 'messages', type: 'text', status: Status.once, attributes: { format: 'json' }, data }],
      accepts: [{ name: 'content', type: 'text', attributes: {} }],
    },
    stream: stream === true,
    includeUsage: options?.include_usage === true,
    stop: stops,
  }
}

/** The first fault, with the path of the member as OpenAI writes it. */
function describe(error: z.ZodError): string {
  const [issue] = error.issues
  const path = (issue?.path ?? []).map(part => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`)).join('')
  return `${path.replace(/^\./, '')}: ${issue?.message}`
}

/** What only says that something is not wanted which there is not. */
const SWITCHED_OFF: ReadonlySet<string> = new Set(['n', 'logprobs', 'tools', 'functions', 'modalities', 'audio'])

/** Wrappers know one name for the limit, and get strings: what is no scalar as its JSON text. */
function parametersOf({ max_completion_tokens: limit, max_tokens: old, ...others }: JsonObject) {
  const given = Object.entries({ ...others, max_tokens: limit ?? old }).filter(
    ([name, value]) => value !== null && value !== undefined && !SWITCHED_OFF.has(name),
  )
  return Object.fromEntries(given.map(([name, value]) => [name, asString(value)]))
}
