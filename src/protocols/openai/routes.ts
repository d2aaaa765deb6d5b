import type { FastifyInstance, FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import { EVENT_STREAM_DEFAULTS, type EventStreamOptions, sendEvents } from '../shared/event-stream.js'
import { logFailure } from '../shared/failure.js'
import type { HttpFrontEnd } from '../shared/http-front-end.js'
import { requestContext } from '../shared/request-context.js'
import { pathBelow } from '../shared/request-path.js'
import {
  answerHead,
  type ChatAnswerHead,
  encodeChunk,
  encodeCompletion,
  encodeModel,
  encodeUsageChunk,
} from './chat-answer.js'
import { type ChatRequest, parseChatRequest } from './chat-request.js'
import { type ChatPiece, chatText } from './chat-text.js'
import { encodeError, openAiError } from './error-map.js'
import { openAiOpenApi } from './openapi.js'

export interface OpenAiOptions {
  readonly inference: InferenceService
  /** `[protocols] openaiPath`. */
  readonly basePath: string
  readonly log: Logger
  /** What is left out is as in `EVENT_STREAM_DEFAULTS`. */
  readonly eventStream?: Partial<EventStreamOptions>
}

/** The front-end for clients of OpenAI's chat completions: models whose wrapper chats, and what they answer. */
export function openAiFrontEnd(options: OpenAiOptions): HttpFrontEnd {
  const { inference, basePath } = options
  const complete = completionHandler(options)

  async function routes(app: FastifyInstance): Promise<void> {
    app.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id)
    })
    app.post(pathBelow(basePath, 'chat/completions'), (_request, reply) => complete(reply))
    app.get(pathBelow(basePath, 'models'), async () => {
      return { object: 'list', data: inference.models().filter(chats).map(encodeModel) }
    })
    app.get<{ Params: { id: string } }>(pathBelow(basePath, 'models/:id'), async ({ params }) => {
      const model = inference.model(params.id)
      if (chats(model)) return encodeModel(model)
      throw new ServiceError('model_unknown', `the model '${model.name}' does not chat`)
    })
  }

  return {
    protocol: 'openai',
    basePaths: [basePath],
    routes,
    renderError: openAiError,
    openApi: models => openAiOpenApi(models.filter(chats), basePath),
  }
}

/** Not known before a wrapper's first start. */
function chats({ abilities }: ModelInfo): boolean {
  return abilities?.chat === true
}

function completionHandler(options: OpenAiOptions): (reply: FastifyReply) => Promise<unknown> {
  const { inference, log } = options
  return async reply => {
    const request = parseChatRequest(reply.request.body)
    const ctx = requestContext(reply, 'openai')
    const head = answerHead(ctx.sid, request.inference.model)
    const pieces = chatText(inference.stream(request.inference, ctx), request.stop)
    if (!request.stream) return completion(head, pieces)
    const lastWords = (error: ServiceError) => {
      logFailure(log, error, { sid: ctx.sid, method: 'POST', path: reply.request.url })
      return event(encodeError(error))
    }
    const pace = { ...EVENT_STREAM_DEFAULTS, ...options.eventStream }
    await sendEvents(reply, ctx.signal, chunks(head, pieces, request), lastWords, pace)
    return undefined
  }
}

async function completion(head: ChatAnswerHead, pieces: AsyncIterable<ChatPiece>) {
  let content = ''
  let last: ChatPiece = { text: '' }
  for await (const piece of pieces) {
    content += piece.text
    last = piece
  }
  return encodeCompletion(head, content, last)
}

async function* chunks(
  head: ChatAnswerHead,
  pieces: AsyncIterable<ChatPiece>,
  { includeUsage }: ChatRequest,
): AsyncGenerator<string> {
  let first = true
  for await (const piece of pieces) {
    yield event(JSON.stringify(encodeChunk(head, piece, first)))
    first = false
    if (includeUsage && piece.usage) yield event(JSON.stringify(encodeUsageChunk(head, piece.usage)))
  }
  yield event('[DONE]')
}

function event(data: string): string {
  return `data: ${data}\n\n`
}
