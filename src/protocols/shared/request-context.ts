import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { ServiceError } from '../../core/error.js'
import type { RequestContext } from '../../core/inference.js'
import { headerLimits } from './request-limits.js'

/**
 * Makes the context of an HTTP request. The sid is the request's id; the signal aborts with `cancelled` when the
 * client's connection closes. All requests of a connection share that signal, so whoever listens to it for one request
 * stops listening when that has ended.
 * Its deadline and priority are those of the headers `X-Request-Timeout-Ms` and `X-Priority`.
 * @param deadline latest time of an answer in ms on the clock of `performance.now()`, if the body names one; the earlier
 * one counts
 * @throws ServiceError `parameter_missing` when a header is not what it may be
 */
export function requestContext(reply: FastifyReply, protocol: string, deadline?: number): RequestContext {
  const { id, raw, app } = reply.request
  const { timeoutMs, priority } = headerLimits(raw.headers)
  const context = { sid: id, protocol, signal: connectionSignal(raw.socket) }
  // Nearly all requests say nothing, and merging objects costs more than the rest.
  if (timeoutMs === undefined && priority === undefined && deadline === undefined && app === undefined) return context
  const limit = timeoutMs === undefined ? deadline : Math.min(performance.now() + timeoutMs, deadline ?? Infinity)
  return {
    ...context,
    ...(limit !== undefined && { deadline: limit }),
    ...(priority !== undefined && { priority }),
    ...(app !== undefined && { app }),
  }
}

const signals = new WeakMap<Socket, AbortSignal>()

/** Making a signal for every request would cost as much as decoding its payload. */
function connectionSignal(socket: Socket): AbortSignal {
  let signal = signals.get(socket)
  if (signal === undefined) {
    const controller = new AbortController()
    // Each of the requests that a client sends ahead listens, and Node warns of more than ten.
    setMaxListeners(0, controller.signal)
    const cancel = () => controller.abort(new ServiceError('cancelled'))
    if (socket.destroyed) cancel()
    else socket.once('close', cancel)
    signal = controller.signal
    signals.set(socket, signal)
  }
  return signal
}
