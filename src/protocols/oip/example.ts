import type { JsonObject, ModelInfo, ModelSchema, TensorSpec } from '../../core/model.js'
import { isObject } from '../shared/json-object.js'
import { sampleInput } from '../shared/sample-data.js'
import { elementCount } from '../shared/tensor.js'
import { tensorsOf } from './model-documents.js'
import { BASE64 } from './parameters.js'

/** Larger tensors would make the page slow. */
const MAX_ELEMENTS = 10_000

/**
 * A request to infer that runs as it stands: zeros for the tensors that the model declares, the wrapper's own example for
 * the texts and files of its schema. Where the wrapper has no plain call it is one to its first method.
 * @returns undefined where none can be made: nothing is declared, or JSON cannot hold it
 */
export function exampleRequest(model: ModelInfo): JsonObject | undefined {
  const { schema, signature, abilities, methods } = model
  const method = abilities?.once === false ? methods?.[0] : undefined
  const declared = (method ?? signature)?.inputs ?? []
  const inputs = method === undefined ? tensorsOf(model).inputs : declared
  const shown = inputs
    .filter(({ optional }) => !optional)
    .map(spec => (declared.includes(spec) ? zeros(spec) : sample(spec.name, schema)))
  if (shown.length === 0 || shown.includes(undefined)) return undefined
  const parameters = method === undefined ? parametersOf(schema) : { method: method.name }
  return { id: '1', ...(Object.keys(parameters).length > 0 && { parameters }), inputs: shown }
}

function zeros({ name, datatype, shape: declared }: TensorSpec): JsonObject | undefined {
  const shape = declared.map(size => Math.max(size, 1))
  const count = elementCount(shape)
  if (count > MAX_ELEMENTS || datatype === 'BF16') return undefined
  const zero = datatype === 'BOOL' ? false : datatype === 'BYTES' ? '' : 0
  return { name, datatype, shape, data: Array(count).fill(zero) }
}

function sample(name: string, schema: ModelSchema | undefined): JsonObject {
  const data = sampleInput(schema, name, schema?.inputs.get(name) ?? 'other')
  return { name, datatype: 'BYTES', shape: [1], parameters: { content_type: BASE64 }, data: [data] }
}

/** The parameters of the wrapper's own example. */
function parametersOf(schema: ModelSchema | undefined): JsonObject {
  const all = schema?.example?.['parameter']
  const own = isObject(all) ? all[schema?.serviceId ?? ''] : undefined
  return isObject(own) ? Object.fromEntries(Object.entries(own).filter(([, value]) => typeof value !== 'object')) : {}
}
