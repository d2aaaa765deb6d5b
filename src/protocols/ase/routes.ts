import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import { type Reason, ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import type { Payload } from '../../core/payload.js'
import { requestContext } from '../shared/request-context.js'
import { decodeParameters, decodePayloads, encodeResult, parseBody, plainOrBase64 } from './codec.js'
import { documentRoutes } from './document-routes.js'
import { aseErrorHandler, JSON_TYPE } from './error-answer.js'
import { modelAt, pathOf } from './model-paths.js'
import { SchemaCheck } from './schema-check.js'
import { checkTextAccepts, decodeTexts, encodeTexts } from './text-charset.js'

export interface AseOptions {
  readonly inference: InferenceService
  readonly log: Logger
  /** Header keys that are handed to wrappers as parameters (`[aiges] headerPass`). */
  readonly headerPass: readonly string[]
  /** Whether wrappers get and give plain UTF-8 whatever charset and compression clients use (`[aiges] normalizeText`). */
  readonly normalizeText: boolean
  /** Largest request body in bytes. */
  readonly bodyLimitBytes: number
  /** What the texts of one request together may inflate to, in bytes; default: `bodyLimitBytes`. */
  readonly maxInflatedBytes?: number
  /**
   * Is told of every request that is answered with an error and never reached `inference`, so that it can be counted.
   * `model` is the name of the model at the request's path, if there is one. Default: nobody is told.
   */
  readonly onRefused?: (model: string | undefined, reason: Reason) => void
}

/**
 * Adds the ASE front-end: once requests to `/v1/<model>` and to the routes of the wrappers' schemas, and the documents
 * that describe them. It is the server's default: it answers what no route is there for, because routes of wrappers
 * become known only after the server has started to listen, and every error for which no front-end has a handler.
 */
export async function aseRoutes(app: FastifyInstance, options: AseOptions): Promise<void> {
  const { inference, log, onRefused } = options
  const once = onceHandler(options)
  const onError = (request: FastifyRequest, reason: Reason) => {
    if (!request.reachedCore) onRefused?.(modelAt(inference.models(), pathOf(request.url))?.name, reason)
  }
  app.setErrorHandler(aseErrorHandler(log, onError))
  await documentRoutes(app, inference)
  app.post('/v1/*', (request, reply) => once(request, reply, pathOf(request.url)))
  app.setNotFoundHandler((request, reply) => {
    const path = pathOf(request.url)
    const ofModel = modelAt(inference.models(), path) !== undefined
    if (ofModel && request.method === 'POST') return once(request, reply, path)
    const methods = ofModel ? ['POST'] : methodsOf(app, path)
    if (methods.length === 0 || methods.includes(request.method)) {
      throw new ServiceError('path_unknown', `no such path: ${path}`)
    }
    const allow = methods.join(', ')
    reply.header('allow', allow)
    throw new ServiceError('method_not_allowed', `${path} does not take ${request.method}, but ${allow}`)
  })
}

/** Has fastify run the plugin on the server itself instead of a scope of its own, so that its handlers are the server's. */
Object.assign(aseRoutes, { [Symbol.for('skip-override')]: true })

/** The methods that a path takes which is a route as it stands. */
function methodsOf(app: FastifyInstance, path: string): string[] {
  return (['GET', 'HEAD', 'POST'] as const).filter(method => app.hasRoute({ method, url: path }))
}

type OnceHandler = (request: FastifyRequest, reply: FastifyReply, path: string) => Promise<FastifyReply>

/** Checks come in the order of the ASE protocol: JSON, payload, schema, service; slots are the business of the service. */
function onceHandler(options: AseOptions): OnceHandler {
  const { inference, normalizeText, headerPass, maxInflatedBytes = options.bodyLimitBytes } = options
  const schemas = new SchemaCheck(options.log)
  return async (request, reply, path) => {
    const ctx = requestContext(reply, 'ase')
    const { sid } = ctx
    const body = parseBody(request.body)
    const decoded = decodePayloads(body)
    const payloads = normalizeText ? await decodeTexts(decoded, maxInflatedBytes) : decoded
    const model = modelAt(inference.models(), path)
    if (model === undefined) throw unknownModel(inference.models(), path)
    schemas.check(model, body)
    const { parameters, accepts } = decodeParameters(body, { addressed: namesOf(model), headerPass, sid })
    if (normalizeText) checkTextAccepts(accepts, model.schema)
    request.reachedCore = true
    const result = await inference.once({ model: model.name, parameters, payloads, accepts }, ctx)
    const texts = normalizeText ? await encodeTexts(result.payloads) : NO_TEXTS
    const answer = encodeResult(result, sid, payload => texts.get(payload) ?? plainOrBase64(payload))
    return reply.header('content-type', JSON_TYPE).send(answer)
  }
}

const NO_TEXTS: ReadonlyMap<Payload, string> = new Map()

/** What clients may call a model in `parameter`; the name under which it is served goes before the wrapper's own. */
function namesOf({ name, schema }: ModelInfo): readonly string[] {
  return schema === undefined ? [name] : [schema.serviceId, name]
}

function unknownModel(models: readonly ModelInfo[], path: string): ServiceError {
  const names = models.map(model => model.name).join(', ')
  return new ServiceError('model_unknown', `no service at ${path}; there is ${names || 'none'}`)
}
