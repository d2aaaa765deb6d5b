import type { Writable } from 'node:stream'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import type { InferenceService } from '../../core/inference.js'
import { headerLimits, type RequestLimits } from '../shared/request-limits.js'
import { pathOf } from '../shared/request-path.js'
import { type ServerWebSocket, webSockets } from '../shared/web-sockets.js'
import { Conversation, type ConversationLimits, type ConversationPlace } from './conversation.js'
import type { ModelPaths } from './model-paths.js'
import { type SidOrigin, sidSource } from './session-sid.js'
import type { Translator } from './translator.js'

/** The route of all paths that have no other. */
const ANY_PATH = '/*'

/** How sessions over WebSocket behave. */
export interface AseWebSocketOptions extends ConversationLimits {
  readonly sidOrigin: SidOrigin
  /** How often a ping is sent, in ms; a client that does not answer is cut off. */
  readonly pingIntervalMs: number
  /** How long open sessions may go on when the server closes, in ms. */
  readonly drainTimeoutMs: number
}

/** Those of the reference's configuration and of the ASE protocol. */
export const WEB_SOCKET_DEFAULTS: AseWebSocketOptions = {
  sidOrigin: { sub: 'ase', host: '0.0.0.0', port: 5090 },
  readTimeoutMs: 15_000,
  sessionTimeoutMs: 180_000,
  lingerMs: 5000,
  readerTimeoutMs: 30_000,
  maxBufferedBytes: 1 << 20,
  pausedPingMs: 1000,
  pingIntervalMs: 30_000,
  drainTimeoutMs: 0,
}

export interface WebSocketRouteOptions extends AseWebSocketOptions {
  readonly inference: InferenceService
  readonly paths: ModelPaths
  readonly translator: Translator
  readonly log: Logger
  readonly maxFrameBytes: number
}

/**
 * Takes WebSockets at the path of every model, known now or later; any other path refuses them before they are
 * accepted.
 */
export async function webSocketRoutes(app: FastifyInstance, options: WebSocketRouteOptions): Promise<void> {
  const { inference, maxFrameBytes, pingIntervalMs, drainTimeoutMs, paths } = options
  const nextSid = sidSource(options.sidOrigin)
  const conversations = new Set<Conversation>()
  // A function of its own, whose listeners do not keep the request.
  const take = (
    socket: ServerWebSocket,
    wire: Writable,
    place: Omit<ConversationPlace, 'sid'>,
    limits: RequestLimits,
  ) => {
    const conversation = new Conversation(socket, wire, { sid: nextSid(), ...place }, limits, options)
    conversations.add(conversation)
    socket.on('close', () => conversations.delete(conversation))
    socket.forgetRequest()
  }
  await app.register(webSockets, { maxFrameBytes, pingIntervalMs })
  app.addHook('onRequest', (request, reply, done) => {
    const refused = request.ws && paths.at(inference.models(), pathOf(request.url)) === undefined
    if (refused) reply.callNotFound()
    else done()
  })
  app.route({
    method: 'GET',
    url: ANY_PATH,
    handler: (_request, reply) => reply.callNotFound(),
    preHandler: async ({ ws, raw }, reply) => {
      if (!ws) return
      // What is wrong with them is said before the connection is a WebSocket.
      headerLimits(raw.headers)
      // The connection would keep the response, and with it the request, for as long as it lives.
      reply.raw.detachSocket(raw.socket)
    },
    wsHandler: (socket, { raw, url, app }) => {
      take(socket as ServerWebSocket, raw.socket, { path: pathOf(url), app }, headerLimits(raw.headers))
    },
  })
  app.addHook('preClose', async () => {
    for (const conversation of conversations) conversation.goAway(drainTimeoutMs)
  })
}

/** Has fastify run the plugin on the server itself, whose every route refuses WebSockets by this plugin's hook. */
Object.assign(webSocketRoutes, { [Symbol.for('skip-override')]: true })
