import swagger from '@fastify/swagger'
import swaggerUi, { type FastifySwaggerUiConfigOptions } from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import { ServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { exampleRequest } from './example.js'
import { OpenApiCache } from './openapi.js'

/** No `upgrade-insecure-requests`: it breaks the page on plain HTTP from other hosts. Swagger UI needs inline styles. */
const PAGE_POLICY = [
  "default-src 'self'",
  "base-uri 'self'",
  "frame-ancestors 'self'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "script-src-attr 'none'",
  "style-src 'self' 'unsafe-inline'",
].join('; ')

/** Every operation open, so that "Try it out" is in sight; no bar above the title that asks for another document. */
const PAGE: FastifySwaggerUiConfigOptions = {
  layout: 'BaseLayout',
  docExpansion: 'full',
  defaultModelExpandDepth: 5,
  displayRequestDuration: true,
  validatorUrl: null,
}

/**
 * Adds what describes the models, as they are when it is asked for: `/openapi.json`, Swagger UI at `/swagger/`, to which
 * `/` leads, and `/test.json`, the example request of the first model or of the one that `?service=` names.
 */
export async function documentRoutes(app: FastifyInstance, inference: InferenceService): Promise<void> {
  const documents = new OpenApiCache()
  const document = () => documents.get(inference.models())

  // Swagger UI insists on this plugin, although its document is replaced by ours.
  await app.register(swagger, { mode: 'static', specification: { document: EMPTY_DOCUMENT } })
  await app.register(swaggerUi, {
    routePrefix: '/swagger',
    staticCSP: PAGE_POLICY,
    uiConfig: PAGE,
    theme: { title: 'aiservice' },
    transformSpecification: document,
    transformSpecificationClone: false,
  })

  app.get('/', (_request, reply) => reply.redirect('/swagger/'))
  app.get('/openapi.json', async () => document())
  app.get<{ Querystring: { service?: string } }>('/test.json', async request => {
    const model = inference.model(request.query.service ?? '')
    const example = exampleRequest(model)
    if (example !== undefined) return example
    const why = model.readiness.ready ? 'its wrapper has no schema' : model.readiness.why
    throw new ServiceError('not_ready', `${model.name} has no example: ${why}`)
  })
}

const EMPTY_DOCUMENT = { openapi: '3.0.3', info: { title: 'aiservice', version: '0' }, paths: {} }
