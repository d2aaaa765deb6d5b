import { isUtf8 } from 'node:buffer'
import { setImmediate } from 'node:timers/promises'
import { ServiceError } from '../../core/error.js'
import { elementCount, splitElements, type Tensor } from '../shared/tensor.js'
import { findStrange, tensorPieces } from '../shared/tensor-text.js'
import type { InferAnswer, InferCall, RequestedOutput } from './infer-call.js'
import { BASE64, flagParameter } from './parameters.js'

/** An answer over HTTP. */
export interface InferBody {
  /** Length of the JSON at the beginning; absent: there is nothing else. */
  readonly headerLength?: number
  readonly bytes: Buffer
}

/**
 * Encodes an answer: each output in JSON or, where the client wants that, behind it as binary data. Lets others have
 * their turns meanwhile.
 * @throws ServiceError `output_mismatch` when JSON cannot hold an output
 */
export async function encodeInferBody(answer: InferAnswer, call: InferCall): Promise<InferBody> {
  const { model, id, outputs } = answer
  const binary: Uint8Array[] = []
  const described: string[] = []
  for (const output of outputs) {
    const wanted = call.outputs.find(({ name }) => name === output.name)
    const inBinary = isBinary(wanted, call)
    if (inBinary) binary.push(output.data)
    described.push(await describe(output, wanted, inBinary))
  }
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

async function describe(output: Tensor, wanted: RequestedOutput | undefined, inBinary: boolean): Promise<string> {
  const { name, datatype, shape, data } = output
  const head = `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${shape}]`
  if (inBinary) return `${head},"parameters":{"binary_data_size":${data.length}}}`
  if (wanted?.parameters.get('content_type') !== BASE64 || datatype !== 'BYTES')
    return `${head},"data":${await asJson(output)}}`
  const texts = splitElements(data, name).map(element => `"${Buffer.from(element).toString('base64')}"`)
  return `${head},"parameters":{"content_type":"${BASE64}"},"data":[${texts.join(',')}]}`
}

/** The elements of a tensor as a JSON list in row-major order. */
async function asJson({ name, datatype, data, shape }: Tensor): Promise<string> {
  if (datatype === 'BYTES')
    return `[${splitElements(data, name)
      .map(element => quote(element, name))
      .join(',')}]`
  if (datatype === 'BF16') throw notInJson(name, 'JSON has no BF16')
  const tensor = { name, datatype, data, shape }
  const strange = findStrange(tensor)
  if (strange !== undefined) {
    throw notInJson(name, `element ${strange.index} is ${strange.value}, which JSON does not have`)
  }
  let text = ''
  for (const piece of tensorPieces(tensor, [elementCount(shape)], false)) {
    if (text !== '') await setImmediate()
    text += piece
  }
  return text
}

function quote(element: Uint8Array, name: string): string {
  if (isUtf8(element)) return JSON.stringify(Buffer.from(element).toString())
  throw notInJson(name, `it is no UTF-8 text; or ask for it with "content_type": "${BASE64}"`)
}

function notInJson(name: string, why: string): ServiceError {
  const text = `output '${name}' cannot be written as JSON; ask for it with "binary_data": true: ${why}`
  return new ServiceError('output_mismatch', text)
}
