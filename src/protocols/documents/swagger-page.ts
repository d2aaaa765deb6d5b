import swagger from '@fastify/swagger'
import swaggerUi, { type FastifySwaggerUiConfigOptions } from '@fastify/swagger-ui'
import Fastify, { type FastifyInstance } from 'fastify'

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

const EMPTY_DOCUMENT = { openapi: '3.0.3', info: { title: 'aiservice', version: '0' }, paths: {} }

/** Makes Swagger UI, with its paths below `/swagger/`, as a server that does not listen. It shows `document` as it is then. */
export async function swaggerPage(document: () => Readonly<Record<string, unknown>>): Promise<FastifyInstance> {
  const page = Fastify()
  // Swagger UI insists on this plugin, although its document is replaced by ours.
  await page.register(swagger, { mode: 'static', specification: { document: EMPTY_DOCUMENT } })
  await page.register(swaggerUi, {
    routePrefix: '/swagger',
    staticCSP: PAGE_POLICY,
    uiConfig: PAGE,
    theme: { title: 'aiservice' },
    transformSpecification: document,
    transformSpecificationClone: false,
  })
  return page
}
