import { digestOf, isSecret } from './secret-text.js'

/** The token of a header `Authorization: Bearer <token>`; undefined when the header is of another kind. */
export function bearerToken(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1]
}

/**
 * Makes what says whether a header `Authorization` is `Bearer <token>`. How long it takes says nothing about the token.
 * @param token not empty
 */
export function bearerMatcher(token: string): (authorization: string | undefined) => boolean {
  const expected = digestOf(token)
  return authorization => isSecret(bearerToken(authorization) ?? '', expected)
}
