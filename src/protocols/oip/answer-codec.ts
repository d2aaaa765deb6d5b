import { isUtf8 } from 'node:buffer'
import { ServiceError } from '../../core/error.js'
import { elementCount, splitElements, type Tensor } from '../shared/tensor.js'
import { findStrange, tensorText } from '../shared/tensor-text.js'
import type { InferAnswer, InferCall, RequestedOutput } from './infer-call.js'
import { BASE64, flagParameter } from './parameters.js'

/** An answer over HTTP. */
export interface InferBody {
  /** Length of the JSON at the beginning; absent: there is nothing else. */
  readonly headerLength?: number
  readonly bytes: Buffer
}

/**
 * Encodes an answer: each output in JSON or, where the client wants that, behind it as binary data.
 * @throws ServiceError `output_mismatch` when JSON cannot hold an output
 */
export function encodeInferBody(answer: InferAnswer, call: InferCall): InferBody {
  const { model, id, outputs } = answer
  const binary: Uint8Array[] = []
  const described = outputs.map(output => {
    const wanted = call.outputs.find(({ name }) => name === output.name)
    if (!isBinary(wanted, call)) return describe(output, wanted)
    binary.push(output.data)
    return describe(output, wanted, true)
  })
  const fields = [
    `"model_name":${JSON.stringify(model.name)}`,
    `"model_version":${JSON.stringify(model.version)}`,
    ...(id === '' ? [] : [`"id":${JSON.stringify(id)}`]),
    `"outputs":[${described.join(',')}]`,
  ]
  const header = Buffer.from(`{${fields.join(',')}}`)
  return binary.length === 0
    ? { bytes: header }
    : { headerLength: header.length, bytes: Buffer.concat([header, ...binary]) }
}

function isBinary(wanted: RequestedOutput | undefined, { parameters }: InferCall): boolean {
  const own = wanted && flagParameter(wanted.parameters, 'binary_data')
  return own ?? flagParameter(parameters, 'binary_data_output') ?? false
}

function describe(output: Tensor, wanted: RequestedOutput | undefined, isBinary = false): string {
  const { name, datatype, shape, data } = output
  const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape}]`
  if (isBinary) return `${head},"parameters":{"binary_data_size":${data.length}}}`
  if (wanted?.parameters.get('content_type') !== BASE64 || datatype !== 'BYTES')
    return `${head},"data":${asJson(output)}}`
  const texts = splitElements(data, name).map(element => `"${Buffer.from(element).toString('base64')}"`)
  return `${head},"parameters":{"content_type":"${BASE64}"},"data":[${texts.join(',')}]}`
}

/** The elements of a tensor as a JSON list in row-major order. */
function asJson({ name, datatype, data, shape }: Tensor): string {
  if (datatype === 'BYTES')
    return `[${splitElements(data, name)
      .map(element => quote(element, name))
      .join(',')}]`
  if (datatype === 'BF16') throw notInJson(name, 'JSON has no BF16')
  const tensor = { name, datatype, data, shape }
  const strange = findStrange(tensor)
  if (strange === undefined) return tensorText(tensor, [elementCount(shape)], false)
  throw notInJson(name, `element ${strange.index} is ${strange.value}, which JSON does not have`)
}

function quote(element: Uint8Array, name: string): string {
  if (isUtf8(element)) return JSON.stringify(Buffer.from(element).toString())
  throw notInJson(name, `it is no UTF-8 text; or ask for it with "content_type": "${BASE64}"`)
}

function notInJson(name: string, why: string): ServiceError {
  const text = `output '${name}' cannot be written as JSON; ask for it with "binary_data": true: ${why}`
  return new ServiceError('output_mismatch', text)
}
