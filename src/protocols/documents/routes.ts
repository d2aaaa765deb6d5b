import swagger from '@fastify/swagger'
import swaggerUi, { type FastifySwaggerUiConfigOptions } from '@fastify/swagger-ui'
import type { FastifyInstance } from 'fastify'
import type { InferenceService } from '../../core/inference.js'
import { markAccess } from '../shared/http-authentication.js'
import { type DescribePart, OpenApiCache } from '../shared/openapi-document.js'

export interface DocumentOptions {
  readonly inference: Pick<InferenceService, 'models'>
  /** What each front-end adds to the document, in the order in which they are shown. */
  readonly parts: readonly DescribePart[]
}

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

/** No bar above the title that asks for another document. */
const PAGE: FastifySwaggerUiConfigOptions = {
  layout: 'BaseLayout',
  docExpansion: 'list',
  defaultModelExpandDepth: 5,
  displayRequestDuration: true,
  validatorUrl: null,
}

/**
 * Adds what describes the front-ends and the models as they are when it is asked for: `/openapi.json`, and Swagger UI at
 * `/swagger/`, to which `/` leads.
 */
export async function documentRoutes(app: FastifyInstance, { inference, parts }: DocumentOptions): Promise<void> {
  markAccess(app, 'documents')
  const documents = new OpenApiCache(parts)
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
}

const EMPTY_DOCUMENT = { openapi: '3.0.3', info: { title: 'aiservice', version: '0' }, paths: {} }
