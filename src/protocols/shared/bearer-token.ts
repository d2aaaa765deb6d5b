import { createHash, timingSafeEqual } from 'node:crypto'

/**
 * Makes what says whether a header `Authorization` is `Bearer <token>`. How long it takes says nothing about the token.
 * @param token not empty
 */
export function bearerMatcher(token: string): (authorization: string | undefined) => boolean {
  const expected = digest(token)
  return authorization => {
    const [, sent = ''] = /^Bearer +(\S+) *$/i.exec(authorization ?? '') ?? []
    return timingSafeEqual(digest(sent), expected)
  }
}

/** Texts of any length become bytes of one. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
