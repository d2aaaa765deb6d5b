import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { ServiceError } from '../../core/error.js'

/**
 * Makes the hook that lets only requests with `Authorization: Bearer <token>` pass. How long it takes says nothing about
 * the token.
 * @throws ServiceError `unauthenticated`
 */
export function bearerCheck(token: string): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
  const expected = digest(token)
  return async ({ headers }, reply) => {
    const [, sent = ''] = /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '') ?? []
    if (timingSafeEqual(digest(sent), expected)) return
    reply.header('www-authenticate', 'Bearer realm="aiservice admin"')
    throw new ServiceError('unauthenticated', 'the admin API needs the header Authorization: Bearer <[admin] token>')
  }
}

/** Texts of any length become bytes of one. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
