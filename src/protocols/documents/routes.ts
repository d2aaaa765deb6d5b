import { text } from 'node:stream/consumers'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { InferenceService } from '../../core/inference.js'
import { markAccess } from '../shared/http-authentication.js'
import { type DescribePart, OpenApiCache } from '../shared/openapi-document.js'

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
  let page: Promise<FastifyInstance> | undefined

  app.get('/', (_request, reply) => reply.redirect('/swagger/'))
  app.get('/openapi.json', async () => document())
  // Most daemons are never asked for the page, and to make it would be a tenth of their start. What fails is tried again.
  const loadPage = async () => (await import('./swagger-page.js')).swaggerPage(document)
  const forget = (error: unknown) => {
    page = undefined
    throw error
  }
  const showPage = async ({ url, headers }: FastifyRequest, reply: FastifyReply) => {
    page ??= loadPage().catch(forget)
    // As a stream: a client that does not read holds a piece of a file, and not all of it.
    const answer = await (await page).inject({ url, headers, payloadAsStream: true })
    const body = answer.stream()
    // A client may leave before its end, and then the file is still open.
    body.once('close', () => answer.raw.res.destroy())
    if (answer.statusCode >= 500) throw new Error(`Swagger UI failed: ${await text(body)}`)
    // 403 is for paths that lead out of its folder.
    if (answer.statusCode === 404 || answer.statusCode === 403) {
      body.destroy()
      return reply.callNotFound()
    }
    // These are the connection's.
    const { connection: _, date: __, 'transfer-encoding': ___, ...others } = answer.headers
    return reply.code(answer.statusCode).headers(others).send(body)
  }
  for (const path of ['/swagger', '/swagger/*']) app.get(path, showPage)
}
