import { once } from 'node:events'
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'
import type { FastifyReply } from 'fastify'
import { ServiceError, toServiceError } from '../../core/error.js'

/** How answers as server-sent events behave. */
export interface EventStreamOptions {
  /** After this time without a result a comment is sent, in ms, so that no proxy takes the connection for dead. */
  readonly pingIntervalMs: number
  /** How long the client may leave results unread while others wait, in ms. */
  readonly readerTimeoutMs: number
}

export const EVENT_STREAM_DEFAULTS: EventStreamOptions = { pingIntervalMs: 15_000, readerTimeoutMs: 30_000 }

/** Media type of server-sent events. */
export const EVENT_STREAM_TYPE = 'text/event-stream'

/**
 * Answers a request with server-sent events as they come. Nothing is sent before the first one; what goes wrong later is
 * told in a last event. The events are asked for no faster than the client reads them, and left when it leaves.
 * @param events each complete, with the empty line at its end
 * @param lastWords makes the event that tells of an error
 * @throws what goes wrong before the first event
 */
export async function sendEvents(
  reply: FastifyReply,
  signal: AbortSignal,
  events: AsyncGenerator<string>,
  lastWords: (error: ServiceError) => string,
  options: EventStreamOptions,
): Promise<void> {
  try {
    let next = await events.next()
    if (next.done) throw new ServiceError('internal', 'the model gave no result')
    const writer = new EventWriter(reply, signal, options)
    try {
      for (; !next.done; next = await events.next()) await writer.send(next.value)
      writer.end()
    } catch (thrown) {
      writer.fail(lastWords(toServiceError(thrown)))
    }
  } finally {
    await events.return(undefined)
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
