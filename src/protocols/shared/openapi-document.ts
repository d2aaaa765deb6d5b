import type { JsonObject, ModelInfo } from '../../core/model.js'
import { LIMITS } from './openapi-limits.js'
import type { OpenApiPart } from './openapi-part.js'

/** Describes one front-end's routes for the models that there are now. */
export type DescribePart = (models: readonly ModelInfo[]) => OpenApiPart

/** Puts the parts of all front-ends together into one OpenAPI 3.0.3 document, in their order. */
export function openApiDocument(models: readonly ModelInfo[], describe: readonly DescribePart[]): JsonObject {
  const parts = describe.map(part => part(models))
  const security = parts.flatMap(part => part.security ?? [])
  return {
    openapi: '3.0.3',
    info: {
      title: models.map(model => model.name).join(', ') || 'aiservice',
      version: models.find(model => model.wrapperVersion !== undefined)?.wrapperVersion || '0',
      description: [...models.map(describeWrapper), ...HOW_TO_TRY].join('\n\n'),
    },
    ...(security.length > 0 && { security }),
    tags: parts.flatMap(({ tags }) => tags),
    paths: merged(parts.map(part => part.paths)),
    components: {
      schemas: merged(parts.map(({ schemas }) => schemas)),
      parameters: LIMITS,
      responses: merged(parts.map(({ responses }) => responses)),
      securitySchemes: merged(parts.map(({ securitySchemes }) => securitySchemes)),
    },
  }
}

/** Keeps the document of the models as they were last, so that it is made anew only when one has changed. */
export class OpenApiCache {
  private document: JsonObject | undefined
  private key: readonly unknown[] = []

  constructor(private readonly describe: readonly DescribePart[]) {}

  get(models: readonly ModelInfo[]): JsonObject {
    const key = models.flatMap(keyOf)
    if (this.document === undefined || key.length !== this.key.length || key.some((part, i) => part !== this.key[i])) {
      this.document = openApiDocument(models, this.describe)
      this.key = key
    }
    return this.document
  }
}

/** All that a document may tell of a model: not whether it is ready. */
function keyOf({ readiness: _, versions, aliases, ...rest }: ModelInfo): readonly unknown[] {
  return [...Object.values(rest), JSON.stringify([versions.map(({ version }) => version), aliases])]
}

/** Markdown, as Swagger UI shows it above the operations. */
const HOW_TO_TRY = [
  'Choose an operation, press **Try it out**, then **Execute**: the example request is complete.',
  '选择一个接口, 点击 **Try it out**, 再点击 **Execute**, 即可发送完整的示例请求。',
]

function describeWrapper({ name, schema }: ModelInfo): string {
  if (schema === undefined) return `**${name}**: its wrapper has not told its schema.`
  const version = schema.version === '' ? '' : `, version ${schema.version}`
  const inputs = [...schema.inputs].map(([key, type]) => `\`${key}\` (${type})`).join(', ')
  const outputs = [...schema.outputs].map(([key, { type }]) => `\`${key}\` (${type})`).join(', ')
  // A wrapper need not declare what it takes and gives.
  const takes = inputs === '' ? '' : `; takes ${inputs}`
  const gives = outputs === '' ? '' : `; gives ${outputs}`
  return `**${name}**: wrapper \`${schema.serviceId}\`${version}${takes}${gives}.`
}

function merged(objects: readonly (JsonObject | undefined)[]): JsonObject {
  return Object.assign({}, ...objects)
}
