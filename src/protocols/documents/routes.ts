import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InferenceService } from '../../core/inference.js'
import { markAccess } from '../shared/http-authentication.js'
import { type DescribePart, OpenApiCache } from '../shared/openapi-document.js'
import type { SwaggerPage } from './swagger-page.js'

export interface DocumentOptions {
  readonly inference: Pick<InferenceService, 'models'>
  /** What each front-end adds to the document, in the order in which they are shown. */
  readonly parts: readonly DescribePart[]
}

/**
 * Adds what describes the front-ends and the models as they are when it is asked for: `/openapi.json`, and Swagger UI at
 * `/swagger/`, to which `/` leads.
 */
export async function documentRoutes(app: FastifyInstance, { inference, parts }: DocumentOptions): Promise<void> {
  markAccess(app, 'documents')
  const documents = new OpenApiCache(parts)
  const document = () => documents.get(inference.models())
  let page: Promise<SwaggerPage> | undefined

  app.get('/', (_request, reply) => reply.redirect('/swagger/'))
  app.get('/openapi.json', async () => document())
  // Most daemons are never asked for the page, and to make it would be a tenth of their start. What fails is tried again.
  const loadPage = async () => (await import('./swagger-page.js')).swaggerPage(document)
  const forget = (error: unknown) => {
    page = undefined
    throw error
  }
  const showPage = async ({ params, headers }: FastifyRequest, reply: FastifyReply) => {
    page ??= loadPage().catch(forget)
    const answer = await (await page)((params as { '*'?: string })['*'])
    if (answer === undefined) return reply.callNotFound()
    reply.headers(answer.headers)
    const { etag } = answer.headers
    if (etag !== undefined && etag === headers['if-none-match']) return reply.code(304).send()
    return reply.code(answer.status).send(answer.body)
  }
  for (const path of ['/swagger', '/swagger/*']) app.get(path, showPage)
}
