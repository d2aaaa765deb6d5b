import { constants, type ServerHttp2Stream } from 'node:http2'
import type { ServerInterceptingCall, ServerInterceptor } from '@grpc/grpc-js'
import { watchReaders } from '../net/slow-readers.js'

export interface SlowClientOptions {
  /** How long the one request of a call may take to arrive, in ms. Default 300 s. Streams of requests may be silent. */
  readonly requestTimeoutMs?: number
  /** How long a client may read nothing of what waits for it, in ms. Default 30 s. */
  readonly readerTimeoutMs?: number
}

const REQUEST_TIMEOUT_MS = 300_000

const READER_TIMEOUT_MS = 30_000

/** Cancels calls whose client lets the server wait. */
export interface SlowClientWatch {
  /** Has to be the first one: it needs the call as grpc-js makes it. */
  readonly interceptor: ServerInterceptor
  stop(): void
}

export function watchSlowClients(options: SlowClientOptions): SlowClientWatch {
  const { requestTimeoutMs = REQUEST_TIMEOUT_MS, readerTimeoutMs = READER_TIMEOUT_MS } = options
  /** The streams of all calls, with the latest time at which their request has to be there. */
  const dueAt = new Map<ServerHttp2Stream, number>()
  const cancel = (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_CANCEL)
  const endReaders = watchReaders(() => dueAt.keys(), {
    timeoutMs: readerTimeoutMs,
    onStalled: cancel,
  })
  const timer = setInterval(() => {
    const now = performance.now()
    for (const [stream, due] of dueAt) if (due < now && !stream.readableEnded) cancel(stream)
  }, requestTimeoutMs / 4)
  timer.unref()

  return {
    interceptor: (method, call) => {
      // A timer and a wrapper for every call would cost more than the rest of it.
      const { stream } = call as unknown as { readonly stream: ServerHttp2Stream }
      dueAt.set(stream, method.requestStream ? Number.POSITIVE_INFINITY : performance.now() + requestTimeoutMs)
      stream.once('close', () => dueAt.delete(stream))
      return call as ServerInterceptingCall
    },
    stop() {
      clearInterval(timer)
      endReaders()
    },
  }
}
