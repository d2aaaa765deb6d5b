import { Validator } from '@seriousme/openapi-schema-validator'

type JsonObject = Readonly<Record<string, unknown>>

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

/**
 * Holds an OpenAPI document against the schema of the specification and against what no schema can say: references lead
 * somewhere, every operation has an id of its own and one of the document's tags.
 */
export async function openApiFaults(document: JsonObject): Promise<readonly string[]> {
  const validator = new Validator()
  const { valid, errors } = await validator.validate(structuredClone(document) as JsonObject)
  const faults = valid ? [] : [JSON.stringify(errors)]
  const operations = operationsOf(document)
  const ids = operations.map(({ operation }) => operation['operationId'])
  const tags = ((document['tags'] ?? []) as { name: string }[]).map(({ name }) => name)
  return [
    ...faults,
    ...ids
      .filter((id, at) => id === undefined || ids.indexOf(id) !== at)
      .map(id => `operationId ${id}: absent or twice`),
    ...operations
      .filter(({ operation }) => ![operation['tags']].flat().every(tag => tags.includes(tag as string)))
      .map(({ name }) => `${name}: a tag that the document does not have`),
    ...referencesIn(document)
      .filter(reference => at(document, reference) === undefined)
      .map(reference => `${reference} leads nowhere`),
  ]
}

function operationsOf(document: JsonObject) {
  const items = Object.entries((document['paths'] ?? {}) as Record<string, Record<string, JsonObject>>)
  return items.flatMap(([path, item]) =>
    METHODS.filter(method => item[method] !== undefined).map(method => ({
      name: `${method} ${path}`,
      operation: item[method] as JsonObject,
    })),
  )
}

function referencesIn(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === '$ref' && typeof member === 'string' ? [member] : referencesIn(member),
  )
}

function at(document: JsonObject, reference: string): unknown {
  const names = reference.split('/').slice(1)
  return names.reduce<unknown>((value, name) => (value as JsonObject | undefined)?.[name], document)
}
