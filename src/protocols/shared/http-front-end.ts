import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { ModelInfo } from '../../core/model.js'
import { failureOf, logFailure } from './failure.js'
import { HTTP_STATUS, retryAfterSeconds } from './http-status.js'
import { knownRoutes } from './known-routes.js'
import type { OpenApiPart } from './openapi-part.js'
import { isAtOrBelow, pathOf } from './request-path.js'

/** A front-end that speaks HTTP, as the one server that carries them all has to know it. */
export interface HttpFrontEnd {
  /** Its name in metrics. */
  readonly protocol: string
  /**
   * Base paths. At and below them everything is its own, so that it answers all errors there: those of its routes,
   * unknown paths, methods that a path does not take, bodies past the limit. The longest base path counts.
   */
  readonly basePaths: readonly string[]
  /** Adds its routes by their full paths. They throw ServiceError. Fastify runs it as a plugin with a scope of its own. */
  readonly routes: (app: FastifyInstance) => Promise<void>
  readonly renderError: (error: ServiceError, sid: string) => ErrorAnswer
  /** Describes its routes for the models that there are now. Without it the front-end is not in the document. */
  readonly openApi?: (models: readonly ModelInfo[]) => OpenApiPart
  /** Paths that become known only while the server runs, when no more routes can be added; they go before base paths. */
  readonly latePaths?: LatePaths
}

export interface LatePaths {
  /** The name of the model at a path. */
  readonly modelAt: (path: string) => string | undefined
  /** Takes a POST to such a path; resolves with the answer unless it has sent it. */
  readonly post: (request: FastifyRequest, reply: FastifyReply, path: string) => Promise<unknown>
}

export interface ErrorAnswer {
  /** HTTP status; default: that of the reason in `HTTP_STATUS`. */
  readonly http?: number
  /** JSON text. */
  readonly body: string
  /** The protocol's own number for the error, for the log. */
  readonly code?: number
}

export interface HttpFrontEndsOptions {
  readonly log: Logger
  /**
   * Is told of every request that is answered with an error. `model` is the name of the model at its path, if there is
   * one. Default: nobody is told.
   */
  readonly onFailure?: (protocol: string, model: string | undefined, error: ServiceError) => void
}

/** Content type of JSON answers. */
export const JSON_TYPE = 'application/json; charset=utf-8'

/** Answers where no front-end is at home. */
const NOBODY: HttpFrontEnd = {
  protocol: 'http',
  basePaths: ['/'],
  routes: async () => {},
  renderError: ({ message }) => ({ body: JSON.stringify({ error: message }) }),
}

/**
 * Puts front-ends onto the server. Each owns what lies below its base paths; what belongs to none of them is answered
 * with a plain `{"error": …}`.
 */
export function addHttpFrontEnds(
  server: FastifyInstance,
  frontEnds: readonly HttpFrontEnd[],
  { log, onFailure }: HttpFrontEndsOptions,
): void {
  const methodsOf = knownRoutes(server)
  const ownerOf = ownership([...frontEnds, NOBODY])

  const answerError = (thrown: unknown, request: FastifyRequest, reply: FastifyReply) => {
    const error = failureOf(thrown, request)
    const path = pathOf(request.url)
    const { protocol, latePaths, renderError } = ownerOf(path)
    onFailure?.(protocol, latePaths?.modelAt(path), error)
    const { http = HTTP_STATUS[error.reason], body, code } = renderError(error, request.id)
    const place = { sid: request.id, method: request.method, path: request.url }
    logFailure(log, error, { ...place, ...(code !== undefined && { code }) })
    if (error.reason === 'cancelled' && reply.raw.destroyed) {
      reply.hijack()
      return
    }
    const retryAfter = retryAfterSeconds(error)
    if (retryAfter !== undefined) reply.header('retry-after', retryAfter)
    reply.code(http).header('content-type', JSON_TYPE).send(body)
  }

  server.setErrorHandler((thrown, request, reply) => {
    try {
      answerError(thrown, request, reply)
    } catch (err) {
      // fastify would show its text to the client.
      log.error({ sid: request.id, reason: 'internal', err }, 'an error could not be rendered')
      reply
        .code(500)
        .header('content-type', JSON_TYPE)
        .send(NOBODY.renderError(toServiceError(err), request.id).body)
    }
  })

  server.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const { latePaths } = ownerOf(path)
    const isLate = latePaths?.modelAt(path) !== undefined
    if (isLate && request.method === 'POST') return latePaths.post(request, reply, path)
    return refuse(request, reply, isLate ? ['POST'] : methodsOf(path))
  })

  for (const frontEnd of frontEnds) {
    const { routes, latePaths } = frontEnd
    server.register(latePaths ? routes : leavingOthers(routes, path => ownerOf(path) === frontEnd))
  }
}

/** Routes whose wildcards do not take what is another front-end's, such as the late paths of one. */
function leavingOthers(routes: HttpFrontEnd['routes'], isOwn: (path: string) => boolean): HttpFrontEnd['routes'] {
  return async app => {
    app.addHook('preHandler', ({ routeOptions, url }, reply, done) => {
      if (routeOptions.url?.endsWith('*') && !isOwn(pathOf(url))) reply.callNotFound()
      else done()
    })
    await routes(app)
  }
}

/** Makes what finds the front-end to which a path belongs. */
function ownership(frontEnds: readonly HttpFrontEnd[]): (path: string) => HttpFrontEnd {
  const byBase = frontEnds
    .flatMap(frontEnd => frontEnd.basePaths.map(base => ({ base, frontEnd })))
    .sort((a, b) => b.base.length - a.base.length)
  return path => {
    const late = frontEnds.find(({ latePaths }) => latePaths?.modelAt(path) !== undefined)
    return late ?? byBase.find(({ base }) => isAtOrBelow(path, base))?.frontEnd ?? NOBODY
  }
}

/** Why a path does not take a request. @param methods those that it takes, for the header `Allow` */
function refuse(request: FastifyRequest, reply: FastifyReply, methods: readonly string[]): never {
  const path = pathOf(request.url)
  const what = request.ws ? 'a WebSocket' : request.method
  if (methods.length === 0 || methods.includes(what)) throw new ServiceError('path_unknown', `no such path: ${path}`)
  const allow = methods.join(', ')
  reply.header('allow', allow)
  throw new ServiceError('method_not_allowed', `${path} does not take ${what}, but ${allow}`)
}
