import { randomUUID } from 'node:crypto'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Server as TlsServer } from 'node:tls'
import cors from '@fastify/cors'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { watchReaders } from '../../net/slow-readers.js'
import { MIN_TLS_VERSION, TLS_HANDSHAKE_TIMEOUT_MS, type TlsIdentity } from '../../tls/identity.js'
import type { ServerIdentity } from '../../tls/server-identity.js'
import { connectionEvent } from './connection-event.js'
import { openSockets } from './open-sockets.js'
import { isPipelinedTooFar } from './pipelining.js'

export interface HttpServerOptions {
  /** Largest request body in bytes; more is answered with 413 before it is read. */
  readonly bodyLimitBytes: number
  /** Origins whose pages may call the service; `*` allows all, an empty list switches CORS off. */
  readonly corsOrigins: readonly string[]
  /** What the server shows over TLS; undefined: it speaks plain HTTP. */
  readonly identity?: ServerIdentity | undefined
  /** How long a client may take for the head of a request, from the moment that it connects, in ms. Default 20 s. */
  readonly headersTimeoutMs?: number
  /** How long a request may take to arrive completely, in ms. Default 300 s. */
  readonly requestTimeoutMs?: number
  /** How long a client may read nothing of an answer that waits for it, in ms; then it is cut off. Default 30 s. */
  readonly readerTimeoutMs?: number
  readonly log: Logger
}

/** See `HttpServerOptions`: what Node itself has by default, and fastify switches off. */
const REQUEST_TIMEOUT_MS = 300_000

/** See `HttpServerOptions`; a head is small, so that who needs longer means to hold the connection. */
const HEADERS_TIMEOUT_MS = 20_000

const READER_TIMEOUT_MS = 30_000

/** Headers of answers that pages from other origins may read, beside those that browsers always show them. */
const EXPOSED_HEADERS = ['allow', 'retry-after', 'x-request-id', 'inference-header-content-length'] as const

const MEDIA_TYPE = /^[^\s/;]+\/[^\s/;]+\s*(;|$)/

/**
 * Makes the one HTTP server that carries all front-ends. Every request has a UUID v4 as its id, which front-ends use as
 * sid, and its body is handed on as a raw Buffer whatever content type it claims.
 *
 * The server has no error body of its own: whoever sets the root's error handler decides about those errors, too, that
 * come up before any route is found. While it closes, requests on open connections are still served; refusing them is
 * the business of the session layer.
 */
export function createHttpServer(options: HttpServerOptions): FastifyInstance {
  const { bodyLimitBytes, corsOrigins, identity, log } = options
  const { headersTimeoutMs = HEADERS_TIMEOUT_MS, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options
  // How often Node looks at the connections, which it does every 30 s by itself.
  const timing = { headersTimeout: headersTimeoutMs, connectionsCheckingInterval: Math.ceil(headersTimeoutMs / 4) }
  const server: FastifyInstance = Fastify({
    ...(identity ? { https: { ...timing, ...tlsOptions(identity.current) } } : { http: timing }),
    // fastify's own logger costs 7 µs a request even when it has nothing to say; front-ends log errors with the sid.
    logger: false,
    genReqId: () => randomUUID(),
    bodyLimit: bodyLimitBytes,
    requestTimeout: requestTimeoutMs,
    return503OnClosing: false,
    clientErrorHandler: (error, socket) => refuseMalformed(error, socket, log),
    frameworkErrors: (error, request, reply) => server.errorHandler(error, request, reply),
  })
  identity?.onChange(next => (server.server as unknown as TlsServer).setSecureContext(secureContext(next)))
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  // fastify answers 415 to a header that is no media type before it asks any parser, and 400 to a QUERY without one before
  // it looks whether a route takes that.
  server.addHook('onRequest', (request, reply, done) => {
    if (isPipelinedTooFar(request.raw, reply.raw)) {
      const { socket } = request.raw
      // Those that came in the same piece are still read after it is closed.
      if (!socket.destroyed)
        log.info({ peer: socket.remoteAddress }, 'a connection was closed that sent too many requests ahead')
      reply.hijack()
      socket.destroy()
      return
    }
    const { headers, method } = request.raw
    const type = headers['content-type']
    if (type !== undefined && !MEDIA_TYPE.test(type)) delete headers['content-type']
    if (method === 'QUERY') headers['content-type'] ??= 'application/octet-stream'
    done()
  })
  endSlowReaders(server, options)
  if (corsOrigins.length > 0) {
    server.register(cors, {
      origin: corsOrigins.includes('*') ? '*' : [...corsOrigins],
      methods: ['GET', 'HEAD', 'POST'],
      exposedHeaders: [...EXPOSED_HEADERS],
    })
  }
  return server
}

/** A WebSocket has limits of its own. */
function endSlowReaders(
  server: FastifyInstance,
  { readerTimeoutMs = READER_TIMEOUT_MS, log }: HttpServerOptions,
): void {
  const sockets = openSockets(server.server, connectionEvent(server.server))
  const end = watchReaders(() => [...sockets].filter(({ parser }) => parser), {
    timeoutMs: readerTimeoutMs,
    onStalled: socket => {
      log.info({ peer: socket.remoteAddress }, 'a connection was closed whose client does not read its answer')
      socket.destroy()
    },
  })
  server.addHook('onClose', async () => end())
}

function secureContext({ cert, key, clientCa: ca }: TlsIdentity) {
  return { cert, key, ...(ca && { ca }), minVersion: MIN_TLS_VERSION } as const
}

function tlsOptions(identity: TlsIdentity) {
  const mutual = identity.clientCa !== undefined
  return {
    ...secureContext(identity),
    ...{ requestCert: mutual, rejectUnauthorized: mutual, handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS },
  }
}

const MALFORMED_STATUSES: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

/** Answers bytes that are no HTTP request: with a bare status, because there is no request that a front-end could see. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket, log: Logger): void {
  if (/^ERR_(SSL|TLS)/.test(error.code ?? '')) {
    log.info({ code: error.code, peer: socket.remoteAddress }, 'a connection was not encrypted as it has to be')
    socket.destroy()
    return
  }
  // The second one: the client closed in the middle of a request.
  if (error.code === 'ECONNRESET' || error.code === 'HPE_INVALID_EOF_STATE' || !socket.writable) {
    socket.destroy()
    return
  }
  const status = MALFORMED_STATUSES[error.code ?? ''] ?? 400
  // The error itself holds what was sent, credentials included.
  log.info(
    { code: error.code, why: error.message, status, peer: socket.remoteAddress },
    'a connection sent no valid HTTP request',
  )
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}
