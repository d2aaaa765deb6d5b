import type { FastifyReply, FastifyRequest } from 'fastify'
import { bearerMatcher } from '../../auth/bearer-token.js'
import { ServiceError } from '../../core/error.js'

/**
 * Makes the hook that lets only requests with `Authorization: Bearer <token>` pass.
 * @throws ServiceError `unauthenticated`
 */
export function bearerCheck(token: string): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const matches = bearerMatcher(token)
  return async ({ headers }, reply) => {
    if (matches(headers.authorization)) return
    reply.header('www-authenticate', 'Bearer realm="aiservice admin"')
    throw new ServiceError('unauthenticated', 'the admin API needs the header Authorization: Bearer <[admin] token>')
  }
}
