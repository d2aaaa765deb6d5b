import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Most requests of a connection that may have come before the answer to an earlier one has left. */
const MOST_PIPELINED = 32

const pipelined = new WeakMap<Socket, number>()

/**
 * Counts a request that came before the answer to an earlier one has left. All that arrive in one piece are begun at once,
 * and their answers wait in memory until the client has read those before; few clients send even two.
 * @returns whether it is one too many; who sends that means no good
 */
export function isPipelinedTooFar({ socket }: IncomingMessage, response: ServerResponse): boolean {
  // Only what may write at once has the socket.
  if (response.socket !== null) return false
  const before = pipelined.get(socket) ?? 0
  if (before >= MOST_PIPELINED) return true
  pipelined.set(socket, before + 1)
  response.once('close', () => pipelined.set(socket, (pipelined.get(socket) ?? 1) - 1))
  return false
}
