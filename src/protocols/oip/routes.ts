import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { type HttpFrontEnd, JSON_TYPE } from '../shared/http-front-end.js'
import { requestContext } from '../shared/request-context.js'
import { pathBelow } from '../shared/request-path.js'
import { ABSENT_PATHS } from './absent.js'
import { encodeInferBody } from './answer-codec.js'
import { decodeInferBody, HEADER_LENGTH } from './body-codec.js'
import { decodeContent } from './content-encoding.js'
import { oipError } from './error-map.js'
import { parseExactJson } from './exact-json.js'
import { deadlineOf, toInferenceRequest, toOutputs } from './infer-call.js'
import { flagOf, parametersOf } from './json-fields.js'
import { modelConfig, modelMetadata, repositoryIndex } from './model-documents.js'
import { oipOpenApi } from './openapi.js'
import { createRepository, type RepositoryOptions } from './repository.js'
import { type ServerState, serverMetadata, serverReady, serverStatistics } from './server-state.js'

export interface OipOptions extends ServerState, RepositoryOptions {
  readonly inference: InferenceService
}

export interface OipHttpOptions extends OipOptions {
  /** `[protocols] oipPath`. */
  readonly basePath: string
  /** Largest body in bytes, inflated if it is compressed. */
  readonly bodyLimitBytes: number
  /** Whether probes need no app, as the OpenAPI document says of them. */
  readonly healthIsOpen: boolean
}

/** The Open Inference Protocol over HTTP. */
export function oipFrontEnd(options: OipHttpOptions): HttpFrontEnd {
  return {
    protocol: 'oip',
    basePaths: [options.basePath],
    routes: async app => {
      addServerRoutes(app, options)
      addModelRoutes(app, options)
      addRepositoryRoutes(app, options)
      addAbsentRoutes(app, options.basePath)
    },
    renderError: oipError,
    openApi: models => oipOpenApi(models, { ...options, mayChange: options.adminToken !== undefined }),
  }
}

function addServerRoutes(app: FastifyInstance, options: OipHttpOptions): void {
  const { basePath } = options
  app.get(basePath, async () => serverMetadata(options))
  const open = { config: { access: 'probes' } } as const
  app.get(pathBelow(basePath, 'health/live'), open, async () => ({ live: true }))
  app.get(pathBelow(basePath, 'health/ready'), open, async () => {
    if (!serverReady(options)) throw new ServiceError('not_ready', 'no model is ready, or the service is shutting down')
    return { ready: true }
  })
  app.get(pathBelow(basePath, 'models/stats'), async () => serverStatistics(options, '', ''))
}

interface ModelRoute {
  readonly Params: { readonly model: string; readonly version?: string }
}

function addModelRoutes(app: FastifyInstance, options: OipHttpOptions): void {
  const { inference, basePath } = options
  const modelOf = ({ model, version }: ModelRoute['Params']) => inference.model(model, version)
  for (const path of [pathBelow(basePath, 'models/:model'), pathBelow(basePath, 'models/:model/versions/:version')]) {
    app.get<ModelRoute>(path, async ({ params }) => modelMetadata(modelOf(params)))
    app.get<ModelRoute>(`${path}/config`, async ({ params }) => modelConfig(modelOf(params)))
    app.get<ModelRoute>(`${path}/stats`, async ({ params }) => {
      return serverStatistics(options, params.model, params.version ?? '')
    })
    app.get<ModelRoute>(`${path}/ready`, async ({ params }) => {
      const { name, readiness } = modelOf(params)
      if (!readiness.ready) throw new ServiceError('not_ready', `${name} is not ready: ${readiness.why}`)
      return { name, ready: true }
    })
    app.post<ModelRoute>(`${path}/infer`, (request, reply) => infer(request, reply, options))
  }
}

async function infer(
  request: FastifyRequest<ModelRoute>,
  reply: FastifyReply,
  options: OipHttpOptions,
): Promise<unknown> {
  const { inference, bodyLimitBytes } = options
  const { params, headers } = request
  const model = inference.model(params.model, params.version)
  const content = await decodeContent(bodyOf(request), headers['content-encoding'], bodyLimitBytes)
  const call = decodeInferBody(content, headers[HEADER_LENGTH] as string | undefined)
  const ctx = requestContext(reply, 'oip', deadlineOf(call))
  const result = await inference.once(toInferenceRequest(call, model, ctx.sid), ctx)
  try {
    const outputs = toOutputs(result, call)
    const { headerLength, bytes } = await encodeInferBody({ model, id: call.id, outputs }, call)
    if (headerLength === undefined) return reply.header('content-type', JSON_TYPE).send(bytes)
    return reply.header('content-type', 'application/octet-stream').header(HEADER_LENGTH, headerLength).send(bytes)
  } catch (error) {
    return alreadyCounted(error)
  }
}

function addRepositoryRoutes(app: FastifyInstance, options: OipHttpOptions): void {
  const { inference, basePath } = options
  const repository = createRepository(options)
  app.post(pathBelow(basePath, 'repository/index'), async request => {
    const readyOnly = flagOf(optionalJson(request), 'ready')
    return repositoryIndex(inference.models(), readyOnly)
  })
  const ownToken = { config: { access: 'own-token' } } as const
  app.post<ModelRoute>(pathBelow(basePath, 'repository/models/:model/load'), ownToken, async request => {
    const { params, headers } = request
    await repository.load(params.model, parametersOf(optionalJson(request)).keys(), headers.authorization)
    return {}
  })
  app.post<ModelRoute>(pathBelow(basePath, 'repository/models/:model/unload'), ownToken, async request => {
    parametersOf(optionalJson(request))
    await repository.unload(request.params.model, request.headers.authorization)
    return {}
  })
}

/** Says of what clients may ask for, and there is not, more than that there is no such path. */
function addAbsentRoutes(app: FastifyInstance, basePath: string): void {
  for (const [path, why] of Object.entries(ABSENT_PATHS)) {
    const handler = async () => {
      throw new ServiceError('operation_unknown', why)
    }
    app.route({ method: ['GET', 'POST'], url: pathBelow(basePath, path), handler })
  }
}

/** The JSON of a body that may be left out. */
function optionalJson(request: FastifyRequest) {
  const body = bodyOf(request)
  return body.length === 0 ? {} : parseExactJson(body, 'the body')
}

function bodyOf({ body }: FastifyRequest): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}
