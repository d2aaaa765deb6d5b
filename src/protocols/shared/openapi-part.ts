import type { JsonObject } from '../../core/model.js'

/** What one front-end adds to the daemon's OpenAPI document (version 3.0.3). */
export interface OpenApiPart {
  /** The groups in which Swagger UI shows the operations; description in Markdown. */
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  /** Path items by full path. Every operation names one of the tags, has an `operationId` of its own, and an example. */
  readonly paths: JsonObject
  /** For `#/components/schemas`; names begin with the front-end's own, so that no two collide. */
  readonly schemas?: JsonObject
  /** For `#/components/responses`, named likewise. */
  readonly responses?: JsonObject
  /** For `#/components/securitySchemes`, named likewise. */
  readonly securitySchemes?: JsonObject
  /** What operations of all front-ends ask for, by the names of such schemes, unless they say themselves what they do. */
  readonly security?: readonly JsonObject[]
}

/** A schema of the document, by its name. */
export function schemaRef(name: string): JsonObject {
  return { $ref: `#/components/schemas/${name}` }
}
