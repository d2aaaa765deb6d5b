import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authenticator } from '../../auth/apps.js'
import type { Credentials } from '../../auth/credentials.js'
import type { OpenApiPart } from './openapi-part.js'

/** Routes that need no app: `probes` and `metrics` for operators, `documents` for people who look what there is. */
export const OPEN_ACCESS = ['probes', 'metrics', 'documents'] as const
export type OpenAccess = (typeof OPEN_ACCESS)[number]

/** Who may use a route: an app, unless it is one of the kinds that may be open, or asks for a token of its own. */
export type Access = OpenAccess | 'own-token'

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access
  }
  interface FastifyRequest {
    /** Whose request it is, where clients have to say. */
    app: string | undefined
  }
}

/** Says of all routes that are added to a fastify scope from here on who may use them. Default: apps. */
export function markAccess(app: FastifyInstance, access: Access): void {
  app.addHook('onRoute', route => {
    route.config = { ...route.config, access }
  })
}

export interface HttpAuthenticationOptions {
  readonly authenticator: Pick<Authenticator, 'identify'>
  /** Kinds of routes that need no app. */
  readonly open: readonly OpenAccess[]
}

/**
 * Lets only requests of an app pass, before anything of their body is read; unknown paths are no exception. Requests
 * then know their `app`.
 */
export async function httpAuthentication(app: FastifyInstance, options: HttpAuthenticationOptions): Promise<void> {
  const { authenticator, open } = options
  const free: ReadonlySet<Access | undefined> = new Set<Access | undefined>([...open, 'own-token'])
  app.decorateRequest('app', undefined)
  // The last hook before the body: who answers CORS and WebSockets has its own before.
  app.addHook('preParsing', (request, reply, payload, done) => {
    const credentials = takeCredentials(request)
    try {
      if (!free.has(request.routeOptions.config.access)) request.app = authenticator.identify(credentials)
      done(null, payload)
    } catch (error) {
      reply.header('www-authenticate', 'Bearer realm="aiservice"')
      done(error as Error)
    }
  })
}

/** Has fastify run it on the server itself, whose every route it guards. */
Object.assign(httpAuthentication, { [Symbol.for('skip-override')]: true })

/** Lets the API page send a token with every request. */
export function authenticationOpenApi(): OpenApiPart {
  const app = { type: 'http', scheme: 'bearer', description: 'A token of the app: `[auth.apps.<id>] tokens`' }
  return { tags: [], paths: {}, securitySchemes: { app }, security: [{ app: [] }] }
}

/** Names in a query that belong to a signature when `authorization` is among them. */
const SIGNATURE_NAMES = ['authorization', 'date', 'host'] as const

/** What a request shows. A signature in the query is taken out of it: it belongs neither to the wrapper nor into the log. */
function takeCredentials({ raw, headers, method }: FastifyRequest): Credentials {
  const { url = '' } = raw
  const [path = '', search] = url.split(/\?(.*)/s)
  const { authorization, date, host } = headers
  const ofHeaders = { authorization, date, host, method, path }
  if (!search?.includes('authorization=')) return ofHeaders
  const query = new URLSearchParams(search)
  const sent = query.get('authorization') ?? undefined
  if (sent === undefined) return ofHeaders
  const ofQuery = { authorization: sent, date: query.get('date') ?? date, host: query.get('host') ?? host }
  for (const name of SIGNATURE_NAMES) query.delete(name)
  raw.url = query.size === 0 ? path : `${path}?${query}`
  return { ...ofHeaders, ...ofQuery }
}
