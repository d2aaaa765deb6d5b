import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import type { ServiceError } from '../../core/error.js'
import type { InferenceResult, InferenceService } from '../../core/inference.js'
import { EVENT_STREAM_TYPE, type EventStreamOptions, sendEvents } from '../shared/event-stream.js'
import { requestContext } from '../shared/request-context.js'
import { encodeError } from './codec.js'
import { logError } from './error-answer.js'
import { ASE_ERRORS, aseMessage } from './error-map.js'
import type { Translator } from './translator.js'

export interface EventStreamContext extends EventStreamOptions {
  readonly inference: InferenceService
  readonly translator: Translator
  readonly log: Logger
}

/** Whether a client wants its results as they come. @param accept the header, if there is one */
export function wantsEventStream(accept: string | undefined): boolean {
  return accept?.toLowerCase().includes(EVENT_STREAM_TYPE) === true
}

/**
 * Answers a once request with its results as they come: one event per result, its data the ASE answer; an error after
 * the first one is an event named `error`. A client that leaves cancels the request.
 * @throws ServiceError for what goes wrong before the first result; nothing has been sent then
 */
export async function answerAsEvents(reply: FastifyReply, path: string, options: EventStreamContext): Promise<void> {
  const { inference, translator, log } = options
  const ctx = requestContext(reply, 'ase-sse')
  const { sid, signal } = ctx
  const request = await translator.request(reply.request.body, path, ctx)
  const lastWords = (error: ServiceError) => {
    logError(log, error, { sid, method: 'POST', path })
    return `event: error\ndata: ${encodeError(ASE_ERRORS[error.reason].code, aseMessage(error), sid)}\n\n`
  }
  const events = eventsOf(inference.stream(request, ctx), translator, sid)
  await sendEvents(reply, signal, events, lastWords, options)
}

async function* eventsOf(
  results: AsyncIterable<InferenceResult>,
  translator: Translator,
  sid: string,
): AsyncGenerator<string> {
  let seq = 0
  for await (const result of results) yield `data: ${await translator.answer(result, sid, seq++)}\n\n`
}
