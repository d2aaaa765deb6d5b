import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Deadline, Metadata, ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import { ServiceError } from '../core/error.js'

/** At its deadline a caller cancels the call itself; by the clock here, which started later, that is a little too early. */
const DEADLINE_SLACK_MS = 50

/** What all kinds of calls have in common. */
export interface ServerCall {
  readonly metadata: Metadata
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
    const late = deadline !== undefined && deadline - performance.now() < DEADLINE_SLACK_MS
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
 * The stream's own iterator would destroy the call when a status other than OK is sent while it waits.
 * @param idle where it would wait for the client, and this is aborted, it ends with that reason instead; default: never
 * @throws the signal's reason when the call ended before that
 */
export async function* receivedMessages<Request, Response>(
  call: ServerDuplexStream<Request, Response>,
  signal: AbortSignal,
  idle?: AbortSignal,
): AsyncGenerator<Request, void, undefined> {
  let ended = false
  let isLastLook = false
  let wake = () => {}
  const onReadable = () => wake()
  const onEnd = () => {
    ended = true
    wake()
  }
  call.on('readable', onReadable).on('end', onEnd)
  for (const abortable of [signal, idle]) abortable?.addEventListener('abort', onReadable)
  try {
    for (;;) {
      signal.throwIfAborted()
      const message: Request | null = call.read()
      if (message !== null) {
        isLastLook = false
        yield message
      } else if (ended) {
        // A stream that was cancelled ends too, and says only then, but within this turn, that it was cancelled.
        await nextTurn()
        signal.throwIfAborted()
        return
      } else if (idle?.aborted && !isLastLook) {
        // That the client has sent its last message shows only when this turn is over.
        isLastLook = true
        await nextTurn()
      } else {
        idle?.throwIfAborted()
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
  } finally {
    call.off('readable', onReadable).off('end', onEnd)
    for (const abortable of [signal, idle]) abortable?.removeEventListener('abort', onReadable)
  }
}
