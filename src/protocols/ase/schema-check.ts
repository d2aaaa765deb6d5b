import { _, Ajv, type ErrorObject, type ValidateFunction } from 'ajv'
import type { Logger } from 'pino'
import { ServiceError } from '../../core/error.js'
import type { JsonObject, ModelInfo, ModelSchema } from '../../core/model.js'
import type { AseBody } from './codec.js'
import { type MergedParameters, mergeParameters, withMerged } from './merged-parameters.js'
import { acceptedSchema, demandSchema } from './request-schema.js'

interface Validators {
  readonly modelName: string
  /** For requests that address the model by the name under which it is served. */
  readonly byModelName: ValidateFunction
  /** For those that use the wrapper's own service id. */
  readonly byServiceId: ValidateFunction
}

type SchemaOf = typeof acceptedSchema

/** Checks requests against the schemas of wrappers; each schema is compiled once, when it is first needed. */
export class SchemaCheck {
  private readonly compiled = new Map<SchemaOf, WeakMap<ModelSchema, Validators | 'unusable'>>([
    [acceptedSchema, new WeakMap()],
    [demandSchema, new WeakMap()],
  ])

  /** @param log is told, once, of a schema that cannot be compiled; requests to that model are not checked */
  constructor(private readonly log: Logger) {}

  /**
   * Checks a whole request; the wrapper gets the parameters of all services merged, so merged they are checked. A model
   * whose schema is not known yet takes everything.
   * @throws ServiceError `schema_violation`; the message names the path and the rule
   */
  check(model: ModelInfo, body: AseBody): void {
    this.checkAgainst(acceptedSchema, model, body)
  }

  /** As `check`, of the frame that opens a session: header and parameters are checked and payloads are not. */
  checkDemand(model: ModelInfo, body: AseBody): void {
    this.checkAgainst(demandSchema, model, body)
  }

  private checkAgainst(schemaOf: SchemaOf, model: ModelInfo, body: AseBody): void {
    if (model.schema === undefined) return
    const validators = this.validatorsOf(schemaOf, model.name, model.schema)
    if (validators === 'unusable') return
    const { serviceId } = model.schema
    const byServiceId = Object.hasOwn(body.parameter, serviceId) && !Object.hasOwn(body.parameter, model.name)
    const validate = byServiceId ? validators.byServiceId : validators.byModelName
    const own = byServiceId ? serviceId : model.name
    const merged = mergeParameters(body, own, [serviceId, model.name])
    if (validate(merged === undefined ? body.json : withMerged(body, own, merged))) return
    const [error] = validate.errors ?? []
    throw new ServiceError('schema_violation', error && describeViolation(error, writtenPath(error, own, merged)))
  }

  private validatorsOf(schemaOf: SchemaOf, modelName: string, schema: ModelSchema): Validators | 'unusable' {
    const known = this.compiled.get(schemaOf)?.get(schema)
    if (known === 'unusable' || known?.modelName === modelName) return known
    const compiled = this.compile(schemaOf, modelName, schema)
    this.compiled.get(schemaOf)?.set(schema, compiled)
    return compiled
  }

  private compile(schemaOf: SchemaOf, modelName: string, schema: ModelSchema): Validators | 'unusable' {
    try {
      const byServiceId = compile(schemaOf(schema, schema.serviceId))
      const byModelName = modelName === schema.serviceId ? byServiceId : compile(schemaOf(schema, modelName))
      return { modelName, byModelName, byServiceId }
    } catch (error) {
      this.log.warn({ err: error, model: modelName }, "the wrapper's schema is not usable; its requests go unchecked")
      return 'unusable'
    }
  }
}

function compile(schema: JsonObject): ValidateFunction {
  const ajv = new Ajv({ strict: false, validateFormats: false, logger: false })
  useFastLengths(ajv)
  return ajv.compile(schema)
}

/**
 * Ajv counts the characters of every string that has a length limit, megabytes of base64 included. A string has at most
 * as many characters as it has UTF-16 units, and at least half as many, which settles almost every case.
 */
function useFastLengths(ajv: Ajv): void {
  replaceLimit(ajv, 'maxLength', 'more', (text, limit) => text.length > limit && characters(text) > limit)
  replaceLimit(ajv, 'minLength', 'fewer', (text, limit) => text.length < 2 * limit && characters(text) < limit)
}

function replaceLimit(ajv: Ajv, keyword: string, than: string, isPast: (text: string, limit: number) => boolean): void {
  ajv.removeKeyword(keyword)
  ajv.addKeyword({
    keyword,
    type: 'string',
    schemaType: 'number',
    // Ajv would call a function that validates with objects and a path that it makes for each string of each request.
    code: cxt => cxt.fail(_`${cxt.gen.scopeValue('func', { ref: isPast })}(${cxt.data}, ${cxt.schemaCode})`),
    error: { message: ({ schema }) => `must NOT have ${than} than ${schema} characters` },
  })
}

function characters(text: string): number {
  let count = text.length
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >> 10 === 0x36 && text.charCodeAt(index + 1) >> 10 === 0x37) count--
  }
  return count
}

/** Where the value stands in the request as the client wrote it, which may be under another service's name. */
function writtenPath({ instancePath, params }: ErrorObject, own: string, merged?: MergedParameters): string {
  const names = instancePath.split('/').slice(1)
  const path = names.map(name => name.replaceAll('~1', '/').replaceAll('~0', '~'))
  const [section, service, parameter = params['additionalProperty']] = path
  const writer = section === 'parameter' && service === own ? merged?.get(parameter)?.service : undefined
  if (writer !== undefined) path[1] = writer
  return path.join('.')
}

function describeViolation({ keyword, params, message }: ErrorObject, path: string): string {
  return `${path || 'body'}: ${describeRule(keyword, params, message)}`
}

function describeRule(keyword: string, params: ErrorObject['params'], message = 'does not satisfy the schema'): string {
  switch (keyword) {
    case 'enum':
      return `must be equal to one of ${(params['allowedValues'] as unknown[]).map(value => JSON.stringify(value)).join(', ')}`
    case 'const':
      return `must be equal to ${JSON.stringify(params['allowedValue'])}`
    case 'additionalProperties':
      return `must NOT have the property '${params['additionalProperty']}'`
    default:
      return message
  }
}
