import { ServiceError } from '../../core/error.js'
import type { JsonObject, ModelInfo } from '../../core/model.js'
import { type AsideOptions, parseAside } from '../shared/json-aside.js'
import { bodyText } from '../shared/json-body.js'
import { MAX_DIGITS } from '../shared/json-limits.js'
import { isObject } from '../shared/json-object.js'
import { parseTypedJson } from './typed-json.js'

/** Most instances of one request, each of which is a call of its own. */
const MAX_INSTANCES = 10_000

/** Where requests have lists of numbers; instances may be a single object. */
const INSTANCE_VALUES: AsideOptions = {
  steps: [name => name === 'instances', 'each', () => true],
  maxDigits: MAX_DIGITS,
}

/**
 * Reads the instances of a request body `{"instances": …}`: a list of objects, or a single object. Lists in
 * a large body stay unread.
 * @param body a Buffer, or nothing when the request has none
 * @throws ServiceError `body_not_json`, `schema_violation`, `input_missing`
 */
export function readInstances(body: unknown): readonly JsonObject[] {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0)
  const json = parseAside({ bytes, text: bodyText(body) }, parseTypedJson, INSTANCE_VALUES)
  if (!isObject(json)) throw new ServiceError('body_not_json', 'the body must be an object')
  const { instances, ...others } = json
  const [stranger] = Object.keys(others)
  if (instances === undefined) throw new ServiceError('input_missing', "the body must have the key 'instances'")
  if (stranger !== undefined) {
    throw new ServiceError('schema_violation', `the body must have the key 'instances' alone, but has '${stranger}'`)
  }
  const list = isObject(instances) ? [instances] : instances
  if (!Array.isArray(list)) throw new ServiceError('schema_violation', 'instances must be a list of objects')
  if (list.length > MAX_INSTANCES) {
    throw new ServiceError('schema_violation', `instances: ${list.length} are too many; allowed are ${MAX_INSTANCES}`)
  }
  if (list.length === 0) throw new ServiceError('input_missing', 'instances is empty')
  return list.map((instance, index) => {
    if (!isObject(instance)) throw new ServiceError('schema_violation', `instances[${index}] must be an object`)
    if (Object.keys(instance).length === 0) throw new ServiceError('input_missing', `instances[${index}] is empty`)
    return instance
  })
}

/** The method that a wrapper's plain call has here, unless the wrapper has one of that name. */
export const PLAIN_METHOD = 'predict'

/** The methods of a model by the names that they have here; a plain call counts as one. */
export function methodsOf({ methods = [], abilities }: ModelInfo): readonly string[] {
  const names = methods.map(({ name }) => name)
  return abilities?.once === false || names.includes(PLAIN_METHOD) ? names : [PLAIN_METHOD, ...names]
}

/**
 * The wrapper's method that a request names; undefined for its plain call.
 * @throws ServiceError `method_unknown`
 */
export function methodOf(model: ModelInfo, name: string): string | undefined {
  const known = methodsOf(model)
  if (!known.includes(name)) {
    throw new ServiceError(
      'method_unknown',
      `${model.name} has no method '${name}'; it has ${known.join(', ') || 'none'}`,
    )
  }
  return model.methods?.some(method => method.name === name) ? name : undefined
}
