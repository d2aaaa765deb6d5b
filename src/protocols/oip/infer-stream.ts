import type { ServerDuplexStream } from '@grpc/grpc-js'
import { type ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceService, RequestContext } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import type { Payload } from '../../core/payload.js'
import type { ModelInferRequest__Output } from '../../gen/gateway/inference/ModelInferRequest.js'
import type { ModelStreamInferResponse } from '../../gen/gateway/inference/ModelStreamInferResponse.js'
import { receivedMessages, sendMessage } from '../../rpc/server-call.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { isLast } from '../shared/open-inputs.js'
import type { Tensor } from '../shared/tensor.js'
import { toTensor } from '../shared/tensor-payload.js'
import type { InferCall } from './infer-call.js'
import { encodeInferMessage, isTyped } from './message-codec.js'
import { flagParameter } from './parameters.js'

export type InferStream = ServerDuplexStream<ModelInferRequest__Output, ModelStreamInferResponse>

/** A request of a stream that is ready to be run. */
export interface StreamedRequest {
  readonly call: InferCall
  readonly model: ModelInfo
  readonly request: InferenceRequest
  readonly ctx: RequestContext
}

export interface InferStreamOptions {
  /** Aborted when the server begins to stop: a stream that waits for its client ends then, with that reason. */
  readonly stopping: AbortSignal
  readonly inference: Pick<InferenceService, 'stream'>
  /** Makes a request of a message, or throws. */
  readonly prepare: (message: ModelInferRequest__Output) => StreamedRequest
  /** Is told of every request that fails. */
  readonly onFailure: (error: ServiceError, message: ModelInferRequest__Output) => void
}

/**
 * Answers the requests of a stream one after the other, and no faster than the client reads, until the client sends no
 * more. A request that fails is answered with its error, and the next one is taken.
 * @throws the signal's reason when the call ended before that, or that of `stopping`
 */
export async function answerRequests(
  stream: InferStream,
  signal: AbortSignal,
  options: InferStreamOptions,
): Promise<void> {
  for await (const message of receivedMessages(stream, signal, options.stopping)) {
    try {
      for await (const answer of answersTo(message, options)) await sendMessage(stream, answer, signal)
    } catch (thrown) {
      signal.throwIfAborted()
      const error = toServiceError(thrown)
      options.onFailure(error, message)
      const parameters = { aiges_reason: { string_param: error.reason } }
      await sendMessage(
        stream,
        { error_message: error.message, infer_response: { id: message.id, parameters } },
        signal,
      )
    }
  }
}

/** Where the last result has no outputs, nothing marks the end unless the client asked for that. */
async function* answersTo(
  message: ModelInferRequest__Output,
  { inference, prepare }: InferStreamOptions,
): AsyncGenerator<ModelStreamInferResponse> {
  const { call, model, request, ctx } = prepare(message)
  const wantsEmptyEnd = flagParameter(call.parameters, 'triton_enable_empty_final_response') ?? false
  for await (const { status, payloads } of inference.stream(request, ctx)) {
    const final = isLast(status)
    if (payloads.length === 0 && !(final && wantsEmptyEnd)) continue
    const answer = { model, id: call.id, outputs: tensorsOf(payloads) }
    const parameters = { triton_final_response: { bool_param: final } }
    yield { infer_response: { ...encodeInferMessage(answer, isTyped(message)), parameters } }
  }
}

function tensorsOf(payloads: readonly Payload[]): Tensor[] {
  try {
    return payloads.map(toTensor)
  } catch (error) {
    return alreadyCounted(error)
  }
}
