import { ServiceError } from '../../core/error.js'
import type { InferParameter__Output } from '../../gen/gateway/inference/InferParameter.js'
import type {
  InferTensorContents,
  InferTensorContents__Output,
} from '../../gen/gateway/inference/InferTensorContents.js'
import type {
  _inference_ModelInferRequest_InferInputTensor__Output as InputTensor,
  ModelInferRequest__Output,
} from '../../gen/gateway/inference/ModelInferRequest.js'
import type { ModelInferResponse } from '../../gen/gateway/inference/ModelInferResponse.js'
import {
  checkShape,
  elementsOf,
  invalid,
  splitElements,
  type Tensor,
  tensorOfBytes,
  tensorOfElements,
} from '../shared/tensor.js'
import { type Datatype, datatypeOf } from '../shared/tensor-datatype.js'
import { type InferAnswer, type InferCall, refuseSharedMemory } from './infer-call.js'
import type { Parameters, ParameterValue } from './parameters.js'

type ContentsKey = keyof InferTensorContents__Output

/** The list that holds a datatype's elements; FP16 and BF16 have none. */
const CONTENTS: Readonly<Partial<Record<Datatype, ContentsKey>>> = {
  BOOL: 'bool_contents',
  INT8: 'int_contents',
  INT16: 'int_contents',
  INT32: 'int_contents',
  INT64: 'int64_contents',
  UINT8: 'uint_contents',
  UINT16: 'uint_contents',
  UINT32: 'uint_contents',
  UINT64: 'uint64_contents',
  FP32: 'fp32_contents',
  FP64: 'fp64_contents',
  BYTES: 'bytes_contents',
}

/** @throws ServiceError `schema_violation`, `tensor_invalid`, `message_undecodable`, `operation_unknown` */
export function decodeInferMessage(message: ModelInferRequest__Output): InferCall {
  const { id, parameters, inputs, outputs, raw_input_contents: raw } = message
  if (raw.length > 0 && raw.length !== inputs.length) {
    const text = `raw_input_contents has ${raw.length} entries, but there are ${inputs.length} inputs; it has one for each`
    throw new ServiceError('message_undecodable', text)
  }
  return {
    id,
    parameters: parametersOf(parameters),
    inputs: inputs.map((input, index) => decodeInput(input, `inputs[${index}]`, raw[index])),
    outputs: outputs.map((output, index) => {
      const name = nameOf(output.name, `outputs[${index}]`)
      return { name, parameters: parametersOf(output.parameters) }
    }),
  }
}

function decodeInput(input: InputTensor, path: string, raw: Buffer | undefined): Tensor {
  const name = nameOf(input.name, path)
  const datatype = datatypeOf(input.datatype, name)
  const shape = checkShape(input.shape.map(Number), name)
  refuseSharedMemory(name, parametersOf(input.parameters))
  const { contents } = input
  if (raw === undefined) return tensorOfContents(name, datatype, shape, contents)
  if (contents !== null && Object.values(contents).some(list => list.length > 0)) {
    throw invalid(name, 'it has contents, but the data is in raw_input_contents')
  }
  return tensorOfBytes({ name, datatype, shape, data: raw })
}

function tensorOfContents(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  contents: InferTensorContents__Output | null,
): Tensor {
  const key = CONTENTS[datatype]
  if (key === undefined) throw invalid(name, `${datatype} has no contents; send it in raw_input_contents`)
  const strange = Object.entries(contents ?? {}).find(([other, list]) => other !== key && list.length > 0)
  if (strange !== undefined) throw invalid(name, `it has ${strange[0]}, but ${datatype} has ${key}`)
  if (datatype === 'FP32')
    return tensorOfFloats(name, datatype, shape, Float32Array.from(contents?.fp32_contents ?? []))
  if (datatype === 'FP64')
    return tensorOfFloats(name, datatype, shape, Float64Array.from(contents?.fp64_contents ?? []))
  const elements: readonly unknown[] = contents?.[key] ?? []
  return tensorOfElements(name, datatype, shape, isLong(key) ? elements.map(text => BigInt(text as string)) : elements)
}

const isLong = (key: ContentsKey) => key === 'int64_contents' || key === 'uint64_contents'

/** Messages, unlike JSON, can hold NaN and infinities. */
function tensorOfFloats(
  name: string,
  datatype: 'FP32' | 'FP64',
  shape: readonly number[],
  elements: Float32Array | Float64Array,
): Tensor {
  return tensorOfBytes({ name, datatype, shape, data: new Uint8Array(elements.buffer) })
}

function nameOf(name: string, path: string): string {
  if (name !== '') return name
  throw new ServiceError('schema_violation', `${path}.name: must not be empty`)
}

function parametersOf(given: Readonly<Record<string, InferParameter__Output>>): Parameters {
  const parameters = new Map<string, ParameterValue>()
  for (const [name, parameter] of Object.entries(given)) {
    const value = parameterValue(parameter)
    if (value !== undefined) parameters.set(name, value)
  }
  return parameters
}

function parameterValue(parameter: InferParameter__Output): ParameterValue | undefined {
  const { int64_param, uint64_param } = parameter
  const long = int64_param ?? uint64_param
  return long === undefined ? (parameter.bool_param ?? parameter.string_param ?? parameter.double_param) : BigInt(long)
}

/**
 * Encodes an answer.
 * @param typed the outputs as contents, if all can be; else their bytes
 */
export function encodeInferMessage({ model, id, outputs }: InferAnswer, typed: boolean): ModelInferResponse {
  const inContents = typed && outputs.every(({ datatype }) => CONTENTS[datatype] !== undefined)
  return {
    model_name: model.name,
    model_version: model.version,
    id,
    outputs: outputs.map(output => {
      const { name, datatype, shape } = output
      return { name, datatype, shape: [...shape], ...(inContents && { contents: contentsOf(output) }) }
    }),
    raw_output_contents: inContents ? [] : outputs.map(({ data }) => data),
  }
}

function contentsOf({ name, datatype, shape, data }: Tensor): InferTensorContents {
  if (datatype === 'BYTES') return { bytes_contents: splitElements(data, name) }
  const elements = elementsOf({ name, datatype, shape, data })
  return {
    [CONTENTS[datatype] as ContentsKey]: elements.map(element =>
      typeof element === 'bigint' ? String(element) : element,
    ),
  }
}

/** Whether a request has its data in contents, so that its answer does, too. */
export function isTyped({ raw_input_contents: raw }: ModelInferRequest__Output): boolean {
  return raw.length === 0
}
