import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyInstance } from 'fastify'

/** What Node keeps at the sockets of an HTTP server; it does not tell otherwise whether one is idle. */
export interface HttpSocket extends Socket {
  /** The response that is being made. */
  readonly _httpMessage?: ServerResponse | null
  /** Absent once the connection is a WebSocket. */
  readonly parser?: object | null
}

/** The sockets that a server hands over with an event, for as long as they are open. */
export function openSockets(server: FastifyInstance['server'], event: string): ReadonlySet<HttpSocket> {
  const sockets = new Set<HttpSocket>()
  server.on(event, (socket: HttpSocket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  return sockets
}
