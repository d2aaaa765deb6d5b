import type { Deadline, ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import { ServiceError } from '../core/error.js'

/** What all kinds of calls have in common. */
export interface ServerCall {
  readonly cancelled: boolean
  once(event: 'cancelled', listener: () => void): unknown
  getDeadline(): Deadline
}

/**
 * Aborted with a ServiceError when the caller leaves (`cancelled`) or its deadline passes (`result_timeout`). It is
 * aborted as well once the call has ended in order; nothing may depend on it by then.
 */
export function callSignal(call: ServerCall): AbortSignal {
  const controller = new AbortController()
  const abort = () => {
    const deadline = callDeadline(call)
    const late = deadline !== undefined && deadline <= performance.now()
    controller.abort(new ServiceError(late ? 'result_timeout' : 'cancelled'))
  }
  if (call.cancelled) abort()
  else call.once('cancelled', abort)
  return controller.signal
}

/** The caller's deadline in ms on the clock of `performance.now()`, or undefined when it set none. */
export function callDeadline(call: ServerCall): number | undefined {
  const deadline = Number(call.getDeadline())
  return Number.isFinite(deadline) ? deadline - Date.now() + performance.now() : undefined
}

/**
 * Sends one message of a stream. Resolves when the stream takes more; await it before the next.
 * @throws the signal's reason when the call ended before that
 */
export async function sendMessage<Request, Response>(
  call: ServerWritableStream<Request, Response> | ServerDuplexStream<Request, Response>,
  message: Response,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  if (call.write(message)) return
  await new Promise<void>((resolve, reject) => {
    const settle = () => {
      call.off('drain', settle)
      signal.removeEventListener('abort', settle)
      if (signal.aborted) reject(signal.reason)
      else resolve()
    }
    call.once('drain', settle)
    signal.addEventListener('abort', settle, { once: true })
  })
}

/**
 * The messages of a client's stream, one read at a time; ends with its half-close. Leaving the loop leaves the call open.
 * @throws the signal's reason when the call ended before that
 */
export async function* receivedMessages<Request, Response>(
  call: ServerDuplexStream<Request, Response>,
  signal: AbortSignal,
): AsyncGenerator<Request, void, undefined> {
  try {
    yield* call.iterator({ destroyOnReturn: false })
  } catch (thrown) {
    throw signal.aborted ? signal.reason : thrown
  }
}
