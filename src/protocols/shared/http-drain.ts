import type { FastifyInstance } from 'fastify'
import { connectionEvent } from './connection-event.js'
import { type HttpSocket, openSockets } from './open-sockets.js'

/** How long a connection has to be silent before it is closed, in ms: a request may be on its way on it. */
const SILENCE_MS = 500

const SWEEP_MS = 20

interface Activity {
  bytesRead: number
  /** For how long nothing has come, as far as anybody listened, in ms. */
  silentMs: number
}

/**
 * Makes what closes a server without losing a request. No new connection is taken from then on. Requests that come over
 * open ones are served, and every answer closes its connection; one over which nothing comes is closed soon. What has not
 * ended after `graceMs` is cut off.
 */
export function drainable(http: FastifyInstance): (graceMs: number) => Promise<void> {
  const { server } = http
  const sockets = openSockets(server, connectionEvent(server))
  // Over TLS these are other objects, and some have not agreed on the encryption yet.
  const wires = openSockets(server, 'connection')

  return async graceMs => {
    // Node would close those that are idle at this moment, with what is on its way to them.
    server.closeIdleConnections = () => {}
    const sweep = sweeper(sockets)
    sweep()
    const timer = setInterval(sweep, SWEEP_MS)
    const force = setTimeout(() => {
      server.closeAllConnections()
      for (const wire of wires) wire.destroy()
    }, graceMs)
    await http.close()
    clearTimeout(force)
    clearInterval(timer)
  }
}

function sweeper(sockets: ReadonlySet<HttpSocket>): () => void {
  const activities = new WeakMap<HttpSocket, Activity>()
  let sweptAt = performance.now()
  return () => {
    const now = performance.now()
    // While the event loop was held up nothing was read: what came meanwhile is read after this.
    const listenedMs = Math.min(now - sweptAt, 2 * SWEEP_MS)
    sweptAt = now
    for (const socket of sockets) {
      if (!socket.parser) continue
      const { bytesRead, _httpMessage: response } = socket
      const activity = activities.get(socket) ?? { bytesRead, silentMs: 0 }
      activities.set(socket, activity)
      if (response || bytesRead !== activity.bytesRead) {
        if (response?.headersSent === false) response.setHeader('connection', 'close')
        Object.assign(activity, { bytesRead, silentMs: 0 })
        continue
      }
      activity.silentMs += listenedMs
      if (activity.silentMs >= SILENCE_MS) socket.destroy()
    }
  }
}
