import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Logger } from 'pino'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { requestContext } from '../shared/request-context.js'
import { encodeError } from './codec.js'
import { logError } from './error-answer.js'
import { ASE_ERRORS, aseMessage } from './error-map.js'
import type { Translator } from './translator.js'

/** How answers as server-sent events behave. */
export interface EventStreamOptions {
  /** After this time without a result a comment is sent, in ms, so that no proxy takes the connection for dead. */
  readonly pingIntervalMs: number
  /** How long the client may leave results unread while others wait, in ms. */
  readonly readerTimeoutMs: number
}

export const EVENT_STREAM_DEFAULTS: EventStreamOptions = { pingIntervalMs: 15_000, readerTimeoutMs: 30_000 }

export interface EventStreamContext extends EventStreamOptions {
  readonly inference: InferenceService
  readonly translator: Translator
  readonly log: Logger
}

/** Media type of server-sent events. */
export const EVENT_STREAM_TYPE = 'text/event-stream'

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
  const request = await translator.request(reply.request.body, path, sid)
  const results = inference.stream(request, ctx)[Symbol.asyncIterator]()
  try {
    let seq = 0
    let next = await results.next()
    if (next.done) throw new ServiceError('internal', 'the model gave no result')
    let answer = await translator.answer(next.value, sid, seq)
    const events = new EventWriter(reply, signal, options)
    try {
      for (;;) {
        await events.send(`data: ${answer}\n\n`)
        next = await results.next()
        if (next.done) break
        answer = await translator.answer(next.value, sid, ++seq)
      }
      events.end()
    } catch (thrown) {
      const error = toServiceError(thrown)
      logError(log, error, { sid, method: 'POST', path })
      events.fail(`event: error\ndata: ${encodeError(ASE_ERRORS[error.reason].code, aseMessage(error), sid)}\n\n`)
    }
  } finally {
    await results.return?.()
  }
}

/** Writes events no faster than the client reads them, and comments while there are none. */
class EventWriter {
  private readonly raw: ServerResponse
  private readonly ping: NodeJS.Timeout

  constructor(
    reply: FastifyReply,
    private readonly signal: AbortSignal,
    private readonly options: EventStreamOptions,
  ) {
    reply.hijack()
    this.raw = reply.raw
    this.raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'content-type': EVENT_STREAM_TYPE,
      'cache-control': 'no-store',
      // nginx would hold events back until its buffer is full.
      'x-accel-buffering': 'no',
    })
    this.ping = setInterval(() => {
      if (!this.raw.writableNeedDrain) this.raw.write(': ping\n\n')
    }, options.pingIntervalMs)
  }

  /** @throws ServiceError `reader_too_slow`, or `cancelled` when the client has left */
  async send(event: string): Promise<void> {
    this.signal.throwIfAborted()
    this.ping.refresh()
    if (this.raw.write(event)) return
    const stalled = new AbortController()
    const timer = setTimeout(() => stalled.abort(new ServiceError('reader_too_slow')), this.options.readerTimeoutMs)
    const signal = AbortSignal.any([this.signal, stalled.signal])
    try {
      await once(this.raw, 'drain', { signal })
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    } finally {
      clearTimeout(timer)
    }
  }

  end(): void {
    clearInterval(this.ping)
    this.raw.end()
  }

  /** Ends with a last event, or cuts off a client that would not read it. */
  fail(event: string): void {
    clearInterval(this.ping)
    if (this.raw.writableNeedDrain) this.raw.destroy()
    else this.raw.end(event)
  }
}
