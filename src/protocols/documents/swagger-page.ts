import type { OutgoingHttpHeaders } from 'node:http'
import swagger from '@fastify/swagger'
import swaggerUi, { type FastifySwaggerUiConfigOptions } from '@fastify/swagger-ui'
import Fastify from 'fastify'

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

/** The documents, and the files that the page consists of. Whatever else a client may write names none of them. */
const KNOWN = /^(json|yaml|static\/[\w-]+(\.[\w-]+)*)?$/

export interface PageAnswer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly body: Buffer
}

/**
 * Answers for a path below `/swagger/`, undefined for `/swagger` itself. The answer is undefined where nothing is.
 * @throws Error when Swagger UI fails
 */
export type SwaggerPage = (path: string | undefined) => Promise<PageAnswer | undefined>

/** Makes Swagger UI, as a server that does not listen. It shows `document` as it is then. */
export async function swaggerPage(document: () => Readonly<Record<string, unknown>>): Promise<SwaggerPage> {
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
  const ask = async (url: string): Promise<PageAnswer | undefined> => {
    const { statusCode, headers, rawPayload, body } = await page.inject(url)
    if (statusCode === 404) return undefined
    if (statusCode >= 400) throw new Error(`Swagger UI answers ${statusCode} for ${url}: ${body}`)
    // Those are of this connection, which is none; and parts of a file are not to be had.
    const { connection: _, date: __, 'content-length': ___, 'accept-ranges': ____, ...others } = headers
    return { status: statusCode, headers: others, body: rawPayload }
  }
  // Read once, so that clients that do not read what they ask for share it.
  const files = new Map<string, Promise<PageAnswer | undefined>>()
  const askForFile = (path: string) => {
    const file = ask(`/swagger/${path}`)
    files.set(path, file)
    const forget = () => files.delete(path)
    file.then(answer => answer ?? forget(), forget)
    return file
  }
  return async path => {
    if (path === undefined) return ask('/swagger')
    if (!KNOWN.test(path)) return undefined
    if (!path.startsWith('static/')) return ask(`/swagger/${path}`)
    return files.get(path) ?? askForFile(path)
  }
}
