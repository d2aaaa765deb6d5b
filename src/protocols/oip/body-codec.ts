import { ServiceError } from '../../core/error.js'
import type { JsonObject } from '../../core/model.js'
import { decodeBase64 } from '../shared/base64.js'
import { hasPlainTexts, JsonList } from '../shared/json-list.js'
import {
  checkShape,
  flatten,
  invalid,
  shapeOf,
  type Tensor,
  tensorOfBytes,
  tensorOfElements,
  tensorOfList,
  tensorOfTexts,
} from '../shared/tensor.js'
import { type Datatype, datatypeOf } from '../shared/tensor-datatype.js'
import { parseExact, parseExactJson } from './exact-json.js'
import { type InferCall, type RequestedOutput, refuseSharedMemory } from './infer-call.js'
import { nameOf, objectsOf, parametersOf, textOf } from './json-fields.js'
import { BASE64, type Parameters, wrongParameter } from './parameters.js'

/** Header that says how many bytes of a body are JSON; the data of binary tensors follows. */
export const HEADER_LENGTH = 'inference-header-content-length'

/**
 * Decodes the body of a request to infer.
 * @param headerLength the header `Inference-Header-Content-Length`, if there is one
 * @throws ServiceError `body_not_json`, `payload_undecodable`, `schema_violation`, `tensor_invalid`, `operation_unknown`
 */
export function decodeInferBody(body: Buffer, headerLength: string | undefined): InferCall {
  const end = headerLength === undefined ? body.length : headerEnd(headerLength, body.length)
  const json = parseExactJson(
    body.subarray(0, end),
    end === body.length ? 'the body' : `the body's head of ${end} bytes`,
  )
  const binary = new BinaryPart(body.subarray(end), headerLength !== undefined)
  const inputs = objectsOf(json, 'inputs').map((input, index) => decodeInput(input, `inputs[${index}]`, binary))
  binary.expectEnd()
  return {
    id: textOf(json, 'id'),
    parameters: parametersOf(json),
    inputs,
    outputs: objectsOf(json, 'outputs').map((output, index) => decodeOutput(output, `outputs[${index}]`)),
  }
}

function headerEnd(header: string, bodyLength: number): number {
  const length = Number(header)
  if (/^\d+$/.test(header) && length <= bodyLength) return length
  const text = `Inference-Header-Content-Length: ${header} is not a number of bytes up to ${bodyLength}, the body's length`
  throw new ServiceError('payload_undecodable', text)
}

/** What follows the JSON of a body: the data of binary tensors, in their order. */
class BinaryPart {
  private taken = 0

  constructor(
    private readonly bytes: Buffer,
    private readonly announced: boolean,
  ) {}

  take(size: number, name: string): Buffer {
    if (!this.announced) throw invalid(name, 'binary_data_size needs the header Inference-Header-Content-Length')
    const left = this.bytes.length - this.taken
    if (size > left) throw invalid(name, `binary_data_size is ${size}, but only ${left} bytes of the body are left`)
    this.taken += size
    return this.bytes.subarray(this.taken - size, this.taken)
  }

  expectEnd(): void {
    const left = this.bytes.length - this.taken
    if (left === 0) return
    const text = `${left} bytes at the end of the body belong to no input; binary_data_size of an input is missing or too small`
    throw new ServiceError('payload_undecodable', text)
  }
}

function decodeInput(input: JsonObject, path: string, binary: BinaryPart): Tensor {
  const name = nameOf(input, path)
  const datatype = datatypeOf(input['datatype'], name)
  const shape = checkShape(input['shape'], name)
  const parameters = parametersOf(input, path)
  refuseSharedMemory(name, parameters)
  const size = parameters.get('binary_data_size')
  const { data } = input
  if (size === undefined) return tensorOfData(name, datatype, shape, data, parameters)
  if (data !== undefined) throw invalid(name, 'it has both data and binary_data_size')
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
    throw wrongParameter('binary_data_size', size, 'a number of bytes')
  }
  return tensorOfBytes({ name, datatype, shape, data: binary.take(size, name) })
}

/** `data` is a list of the elements in row-major order, or lists in lists of the tensor's shape. */
function tensorOfData(
  name: string,
  datatype: Datatype,
  shape: readonly number[],
  data: unknown,
  parameters: Parameters,
): Tensor {
  if (!Array.isArray(data) && !(data instanceof JsonList)) {
    throw invalid(name, 'it has neither a list `data` nor the parameter binary_data_size')
  }
  if (datatype === 'BF16') throw invalid(name, 'JSON has no BF16; send it as binary data')
  const isBase64 = datatype === 'BYTES' && parameters.get('content_type') === BASE64
  if (data instanceof JsonList && (datatype !== 'BYTES' || (!isBase64 && hasPlainTexts(data)))) {
    checkLists(name, shapeOf(data, name), shape)
    return datatype === 'BYTES' ? tensorOfTexts(name, shape, data) : tensorOfList(name, datatype, shape, data)
  }
  const { shape: found, elements } = flatten(data instanceof JsonList ? parseExact(data.bytes.toString()) : data, name)
  checkLists(name, found, shape)
  return tensorOfElements(name, datatype, shape, isBase64 ? elements.map(text => decodeText(text, name)) : elements)
}

/** @param found the shape of lists in lists; a single one may have the elements of any shape */
function checkLists(name: string, found: readonly number[], shape: readonly number[]): void {
  const isNested = found.length > 1
  if (isNested && (found.length !== shape.length || found.some((size, i) => size !== shape[i]))) {
    throw invalid(name, `its lists have the shape [${found}], but its shape is [${shape}]`)
  }
}

function decodeText(text: unknown, name: string): Buffer {
  if (typeof text !== 'string') throw invalid(name, 'its elements must be texts in base64')
  return decodeBase64(text, `tensor '${name}'`)
}

function decodeOutput(output: JsonObject, path: string): RequestedOutput {
  return { name: nameOf(output, path), parameters: parametersOf(output, path) }
}
