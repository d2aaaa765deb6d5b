import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { EVENT_STREAM_DEFAULTS, type EventStreamOptions } from '../shared/event-stream.js'
import { type HttpFrontEnd, JSON_TYPE, type LatePaths } from '../shared/http-front-end.js'
import { requestContext } from '../shared/request-context.js'
import { pathBelow, pathOf } from '../shared/request-path.js'
import { aseError } from './error-answer.js'
import { answerAsEvents, type EventStreamContext, wantsEventStream } from './event-stream.js'
import { exampleRequest } from './example.js'
import { modelPaths } from './model-paths.js'
import { aseOpenApi } from './openapi.js'
import { Translator } from './translator.js'
import { type AseWebSocketOptions, WEB_SOCKET_DEFAULTS, webSocketRoutes } from './web-socket-routes.js'

export interface AseOptions {
  readonly inference: InferenceService
  /** Below it every model has a path, by its name (`[protocols] asePath`). */
  readonly basePath: string
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
}

/**
 * The ASE front-end: once requests and sessions below the base path and at the routes of the wrappers' schemas, and
 * `/test.json`, an example request. It is at home in every path that belongs to no other front-end, because a wrapper's
 * routes may be anywhere.
 */
export function aseFrontEnd(options: AseOptions): HttpFrontEnd {
  const { inference, basePath, log, bodyLimitBytes } = options
  const paths = modelPaths(basePath)
  const translator = new Translator({ maxInflatedBytes: bodyLimitBytes, paths, ...options })
  const run = requestHandler({ inference, translator, log, ...EVENT_STREAM_DEFAULTS, ...options.eventStream })

  async function routes(app: FastifyInstance): Promise<void> {
    await app.register(webSocketRoutes, {
      ...WEB_SOCKET_DEFAULTS,
      ...options.webSocket,
      ...{ inference, paths, translator, log },
      maxFrameBytes: bodyLimitBytes,
    })
    app.post(pathBelow(basePath, '*'), (request, reply) => run(request, reply, pathOf(request.url)))
    await app.register(exampleRoute, { inference })
  }
  // Has fastify run it on the server itself, whose every route refuses WebSockets by a hook of these.
  Object.assign(routes, { [Symbol.for('skip-override')]: true })

  return {
    protocol: 'ase',
    basePaths: [basePath, '/'],
    routes,
    renderError: aseError,
    openApi: models => aseOpenApi(models, paths),
    latePaths: { modelAt: path => paths.at(inference.models(), path)?.name, post: run },
  }
}

/** Runs a request whole or, if the client wants that, result by result. */
function requestHandler(options: EventStreamContext): LatePaths['post'] {
  const { inference, translator } = options
  return async (request, reply, path) => {
    if (wantsEventStream(request.headers.accept)) return answerAsEvents(reply, path, options)
    const ctx = requestContext(reply, 'ase')
    const result = await inference.once(await translator.request(request.body, path, ctx), ctx)
    const answer = await translator.answer(result, ctx.sid).catch(alreadyCounted)
    return reply.header('content-type', JSON_TYPE).send(answer)
  }
}

/** Adds `/test.json`: the example request of the first model, or of the one that `?service=` names. */
async function exampleRoute(app: FastifyInstance, { inference }: Pick<AseOptions, 'inference'>): Promise<void> {
  const open = { config: { access: 'documents' } } as const
  app.get<{ Querystring: { service?: string } }>('/test.json', open, async request => {
    const model = inference.model(request.query.service ?? '')
    const example = exampleRequest(model)
    if (example !== undefined) return example
    const why = model.readiness.ready ? 'its wrapper has no schema' : model.readiness.why
    throw new ServiceError('not_ready', `${model.name} has no example: ${why}`)
  })
}
