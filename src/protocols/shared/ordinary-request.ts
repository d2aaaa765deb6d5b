import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { connectionEvent } from './connection-event.js'

const UPGRADE_HEADERS: ReadonlySet<string> = new Set(['connection', 'upgrade', 'http2-settings'])

/**
 * Hands a request that offers an upgrade, but none that this server takes, back to the server as an ordinary one. Some
 * clients offer HTTP/2 with every first request, and Node withholds the body of such a request from the server as soon
 * as that takes upgrades at all.
 */
export function takeAsOrdinaryRequest(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { rawHeaders } = request
  const lines = [`${request.method} ${request.url} HTTP/${request.httpVersion}`]
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string
    if (!UPGRADE_HEADERS.has(name.toLowerCase())) lines.push(`${name}: ${rawHeaders[index + 1]}`)
  }
  if (/\bclose\b/i.test(request.headers.connection ?? '')) lines.push('Connection: close')
  const text = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
  socket.unshift(Buffer.concat([text, head]))
  server.emit(connectionEvent(server), socket)
}
