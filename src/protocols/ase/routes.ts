import type { FastifyInstance, FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import type { Logger } from 'pino'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { requestContext } from '../shared/request-context.js'
import { documentRoutes } from './document-routes.js'
import { aseErrorHandler, JSON_TYPE } from './error-answer.js'
import {
  answerAsEvents,
  EVENT_STREAM_DEFAULTS,
  type EventStreamContext,
  type EventStreamOptions,
  wantsEventStream,
} from './event-stream.js'
import { modelAt, pathOf } from './model-paths.js'
import { Translator } from './translator.js'
import { ANY_PATH, type AseWebSocketOptions, WEB_SOCKET_DEFAULTS, webSocketRoutes } from './web-socket-routes.js'

export interface AseOptions {
  readonly inference: InferenceService
  readonly log: Logger
  /** Header keys that are handed to wrappers as parameters (`[aiges] headerPass`). */
  readonly headerPass: readonly string[]
  /** Whether wrappers get and give plain UTF-8 whatever charset and compression clients use (`[aiges] normalizeText`). */
  readonly normalizeText: boolean
  /** Largest request body or frame in bytes. */
  readonly bodyLimitBytes: number
  /** What the texts of one request or frame together may inflate to, in bytes; default: `bodyLimitBytes`. */
  readonly maxInflatedBytes?: number
  /** Sessions over WebSocket; what is left out is as in `WEB_SOCKET_DEFAULTS`. */
  readonly webSocket?: Partial<AseWebSocketOptions>
  /** Answers as server-sent events; what is left out is as in `EVENT_STREAM_DEFAULTS`. */
  readonly eventStream?: Partial<EventStreamOptions>
  /**
   * Is told of every request that is answered with an error. `model` is the name of the model at its path, if there is
   * one. Default: nobody is told.
   */
  readonly onFailure?: (model: string | undefined, error: ServiceError) => void
}

/**
 * Adds the ASE front-end: once requests and sessions at `/v1/<model>` and at the routes of the wrappers' schemas, and
 * the documents that describe them. It is the server's default: it answers what no route is there for, because routes
 * of wrappers become known only after the server has started to listen, and every error for which no front-end has a
 * handler.
 */
export async function aseRoutes(app: FastifyInstance, options: AseOptions): Promise<void> {
  const { inference, log, bodyLimitBytes, onFailure } = options
  const translator = new Translator({ maxInflatedBytes: bodyLimitBytes, ...options })
  const run = requestHandler({ inference, translator, log, ...EVENT_STREAM_DEFAULTS, ...options.eventStream })
  const refuseHere: RouteHandlerMethod = (request, reply) => refuse(app, inference, request, reply)
  const onError = (request: FastifyRequest, error: ServiceError) => {
    onFailure?.(modelAt(inference.models(), pathOf(request.url))?.name, error)
  }
  app.setErrorHandler(aseErrorHandler(log, onError))
  await app.register(webSocketRoutes, {
    ...WEB_SOCKET_DEFAULTS,
    ...options.webSocket,
    ...{ inference, translator, log, refuse: refuseHere },
    maxFrameBytes: bodyLimitBytes,
  })
  await documentRoutes(app, inference)
  app.post('/v1/*', (request, reply) => run(reply, pathOf(request.url)))
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const ofModel = request.method === 'POST' && modelAt(inference.models(), path) !== undefined
    return ofModel ? run(reply, path) : refuse(app, inference, request, reply)
  })
}

/** Has fastify run the plugin on the server itself instead of a scope of its own, so that its handlers are the server's. */
Object.assign(aseRoutes, { [Symbol.for('skip-override')]: true })

/** Runs a request whole or, if the client wants that, result by result. */
function requestHandler(options: EventStreamContext): (reply: FastifyReply, path: string) => Promise<unknown> {
  const { inference, translator } = options
  return async (reply, path) => {
    if (wantsEventStream(reply.request.headers.accept)) return answerAsEvents(reply, path, options)
    const ctx = requestContext(reply, 'ase')
    const result = await inference.once(await translator.request(reply.request.body, path, ctx.sid), ctx)
    const answer = await translator.answer(result, ctx.sid).catch(alreadyCounted)
    return reply.header('content-type', JSON_TYPE).send(answer)
  }
}

/** Why a path does not take a request. @param methods those that it takes, for the header `Allow` */
function refuse(
  app: FastifyInstance,
  inference: InferenceService,
  request: FastifyRequest,
  reply: FastifyReply,
): never {
  const path = pathOf(request.url)
  const methods = modelAt(inference.models(), path) === undefined ? methodsOf(app, path) : ['POST']
  const what = request.ws ? 'a WebSocket' : request.method
  if (methods.length === 0 || methods.includes(what)) throw new ServiceError('path_unknown', `no such path: ${path}`)
  const allow = methods.join(', ')
  reply.header('allow', allow)
  throw new ServiceError('method_not_allowed', `${path} does not take ${what}, but ${allow}`)
}

/** The methods that a path takes which is a route as it stands. */
function methodsOf(app: FastifyInstance, path: string): string[] {
  if (path === ANY_PATH) return []
  return (['GET', 'HEAD', 'POST'] as const).filter(method => app.hasRoute({ method, url: path }))
}
