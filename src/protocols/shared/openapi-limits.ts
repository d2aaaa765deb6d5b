import type { JsonObject } from '../../core/model.js'

/** The headers that `request-limits.ts` reads, for `#/components/parameters`. */
export const LIMITS: JsonObject = {
  RequestTimeout: {
    name: 'X-Request-Timeout-Ms',
    in: 'header',
    description: 'how long the client waits for the answer, in ms; default: as long as the server allows',
    schema: { type: 'integer', minimum: 1, maximum: 2 ** 31 - 1 },
  },
  Priority: {
    name: 'X-Priority',
    in: 'header',
    description: 'who waits for a free slot with a higher priority goes first; default: 5',
    schema: { type: 'integer', minimum: 0, maximum: 9 },
  },
}

/** Parameters of every operation that runs a model. */
export const LIMIT_PARAMETERS: readonly JsonObject[] = Object.keys(LIMITS).map(name => ({
  $ref: `#/components/parameters/${name}`,
}))

/** Headers of answers whose error may pass by itself. */
export const RETRY_HEADERS: JsonObject = {
  'Retry-After': {
    schema: { type: 'integer', minimum: 1 },
    description: 'seconds after which to try again; with 429 and 503',
  },
}
