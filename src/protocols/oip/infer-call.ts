import { ServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceResult } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import { invalid, type Tensor } from '../shared/tensor.js'
import { toPayloads, toTensor } from '../shared/tensor-payload.js'
import { type Parameters, textParameter, wrapperParameters, wrongParameter } from './parameters.js'

/** A request to infer, whichever way it came. */
export interface InferCall {
  /** Echoed in the answer; empty: the client gave none. */
  readonly id: string
  readonly parameters: Parameters
  readonly inputs: readonly Tensor[]
  /** The outputs that the client wants; none: all of them. */
  readonly outputs: readonly RequestedOutput[]
}

export interface RequestedOutput {
  readonly name: string
  readonly parameters: Parameters
}

/** An answer, before it is encoded. */
export interface InferAnswer {
  readonly model: Pick<ModelInfo, 'name' | 'version'>
  readonly id: string
  readonly outputs: readonly Tensor[]
}

/**
 * The request as the core takes it.
 * @throws ServiceError `input_missing`, `tensor_invalid`, `parameter_missing`, `operation_unknown`
 */
export function toInferenceRequest(call: InferCall, model: ModelInfo, sid: string): InferenceRequest {
  const { inputs, outputs, parameters } = call
  if (inputs.length === 0) throw new ServiceError('input_missing', 'the request has no inputs')
  refuseDuplicates(inputs, 'inputs')
  refuseDuplicates(outputs, 'outputs')
  const method = textParameter(parameters, 'method')
  const signature = method === undefined ? model.signature : model.methods?.find(({ name }) => name === method)
  const schema = method === undefined ? model.schema : undefined
  const declared = signature?.outputs.map(({ name }) => name) ?? []
  const known = declared.length === 0 ? [] : [...new Set([...declared, ...(schema?.outputs.keys() ?? [])])]
  for (const output of outputs) checkOutput(output, known)
  return {
    model: model.name,
    version: model.version,
    ...(method !== undefined && { method }),
    parameters: wrapperParameters(parameters, sid),
    payloads: toPayloads(inputs, { declared: signature?.inputs ?? [], schema }),
    accepts: outputs.map(({ name }) => ({ name, attributes: {} })),
  }
}

/** The parameter `timeout`, in microseconds, as the latest time of an answer; absent where it asks for no limit. */
export function deadlineOf({ parameters }: InferCall): number | undefined {
  const timeout = parameters.get('timeout')
  if (timeout === undefined) return undefined
  const microseconds = Number(timeout)
  if (typeof timeout === 'boolean' || !Number.isFinite(microseconds) || microseconds < 0) {
    throw wrongParameter('timeout', timeout, 'a number of microseconds')
  }
  return microseconds === 0 ? undefined : performance.now() + microseconds / 1000
}

/**
 * A result as tensors.
 * @throws ServiceError `output_mismatch` when an output that the client wants is not there
 */
export function toOutputs({ payloads }: InferenceResult, { outputs }: Pick<InferCall, 'outputs'>): Tensor[] {
  const missing = outputs.find(({ name }) => !payloads.some(({ key }) => key === name))
  if (missing !== undefined)
    throw noOutput(
      missing.name,
      payloads.map(({ key }) => key),
      'output_mismatch',
    )
  return payloads.map(toTensor)
}

/** @param known names of the outputs; none: they are not known before the result */
function checkOutput({ name, parameters }: RequestedOutput, known: readonly string[]): void {
  refuseSharedMemory(name, parameters)
  if (Number(parameters.get('classification') ?? 0) !== 0) {
    throw new ServiceError(
      'operation_unknown',
      `output '${name}': classification is not there; ask for the output as it is`,
    )
  }
  if (known.length > 0 && !known.includes(name)) throw noOutput(name, known, 'tensor_invalid')
}

/** @throws ServiceError `operation_unknown` when a tensor is not in the request but in memory of the client */
export function refuseSharedMemory(tensor: string, parameters: Parameters): void {
  if (!parameters.has('shared_memory_region')) return
  throw new ServiceError('operation_unknown', `tensor '${tensor}': shared memory is not there; send the data itself`)
}

function noOutput(name: string, known: readonly string[], reason: 'tensor_invalid' | 'output_mismatch'): ServiceError {
  return new ServiceError(reason, `output '${name}': no such output; there is ${known.join(', ') || 'none'}`)
}

function refuseDuplicates(named: readonly { readonly name: string }[], where: string): void {
  const seen = new Set<string>()
  for (const { name } of named) {
    if (seen.has(name)) throw invalid(name, `it is there twice among the ${where}`)
    seen.add(name)
  }
}
