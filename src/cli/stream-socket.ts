import { on, once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import { type RawData, WebSocket } from 'ws'
import { parseAnswer } from './call-answer.js'
import type { ClientIdentity } from './credentials.js'
import { CommandError, ExitCode } from './exit-codes.js'

const HANDSHAKE_TIMEOUT_MS = 30_000

function noAnswer(url: URL, service: string, cause: unknown): CommandError {
  const refused = cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'ECONNREFUSED'
  const message = refused
    ? `no daemon runs at ${url.host} (connection refused)
start one with: aiservice -m 0 -c aiges.toml -s ${service}
or name another address with -u URL`
    : `no answer from ${url.host}: ${cause}`
  return new CommandError(ExitCode.failed, message, { cause })
}

export interface OpenOptions extends ClientIdentity {
  readonly headers?: Record<string, string>
  /** How long the server may take to consent, in ms. Default 30,000. */
  readonly handshakeTimeout?: number
}

/** An open WebSocket from the client's side. */
export interface StreamSocket {
  /** Resolves when the frame has been handed to the system; false when the connection is closing or gone. */
  send(frame: string): Promise<boolean>
  /**
   * What the server sends, until the connection is closed by whom ever.
   * @throws the error that ended the connection
   */
  readonly messages: AsyncIterable<string>
  /** Why the connection was closed, once it is: the WebSocket's code and reason. */
  readonly closing: () => string
  /** Takes leave of the server; `messages` ends when it has answered. */
  close(): void
  /** Ends the connection at once, whatever its state. */
  destroy(): void
}

/** Why the server did not take the WebSocket: its ASE error, or what it answered instead. */
async function refusal(url: URL, response: IncomingMessage): Promise<CommandError> {
  const answer = parseAnswer(await text(response))
  const what =
    answer === undefined
      ? `${url} answered HTTP ${response.statusCode}, and with no WebSocket`
      : `error ${answer.header.code}: ${answer.header.message ?? 'no message'}`
  return new CommandError(ExitCode.failed, what)
}

async function untilOpen(socket: WebSocket, url: URL): Promise<void> {
  const refused = new Promise<never>((_, reject) => {
    socket.once('unexpected-response', (request, response) => {
      refusal(url, response)
        .then(reject, reject)
        .finally(() => request.destroy())
    })
  })
  await Promise.race([once(socket, 'open'), refused])
}

async function* textsOf(events: AsyncIterable<unknown[]>): AsyncGenerator<string> {
  for await (const [data] of events) yield String(data as RawData)
}

/**
 * Opens a WebSocket.
 * @param service names it in the advice for one who runs no daemon
 * @param options further headers of the request that opens it, and what an encrypted connection shows and trusts
 * @throws CommandError when no daemon answers there, or it refuses the WebSocket
 */
export async function openSocket(url: URL, service: string, options: OpenOptions = {}): Promise<StreamSocket> {
  const socket = new WebSocket(url, { handshakeTimeout: HANDSHAKE_TIMEOUT_MS, ...options })
  // Listens from the beginning: a message may come together with the server's consent.
  const messages = on(socket, 'message', { close: ['close'] })
  let closing = ''
  socket.once('close', (code, reason) => {
    closing = reason.length === 0 ? `code ${code}` : `code ${code}: ${reason}`
  })
  try {
    await untilOpen(socket, url)
  } catch (cause) {
    throw cause instanceof CommandError ? cause : noAnswer(url, service, cause)
  }
  return {
    send: frame => new Promise(resolve => socket.send(frame, error => resolve(!error))),
    messages: textsOf(messages),
    closing: () => closing,
    close: () => socket.close(1000),
    destroy: () => socket.terminate(),
  }
}
