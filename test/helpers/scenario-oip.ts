import { type ServiceError as GrpcError, status } from '@grpc/grpc-js'
import type { GRPCInferenceServiceClient } from '../../src/gen/gateway/inference/GRPCInferenceService.js'
import type { ModelInferRequest } from '../../src/gen/gateway/inference/ModelInferRequest.js'
import type { ModelInferResponse__Output } from '../../src/gen/gateway/inference/ModelInferResponse.js'
import type { ModelStreamInferResponse__Output } from '../../src/gen/gateway/inference/ModelStreamInferResponse.js'
import type { ProtoGrpcType } from '../../src/gen/gateway/oip.js'
import { GRPC_STATUS } from '../../src/protocols/shared/grpc-status.js'
import { HTTP_STATUS } from '../../src/protocols/shared/http-status.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { rpcErrorOf, unaryCall } from '../../src/rpc/unary.js'
import { type FrontEnd, MODEL, type Outcome, type ScenarioRequest } from './scenario-front-end.js'

const { GRPCInferenceService } = loadProto<ProtoGrpcType>('gateway', 'oip.proto').inference

interface OipBody {
  readonly error?: string
  readonly outputs?: readonly { readonly data: readonly string[] }[]
}

export const oipHttp: FrontEnd = {
  name: 'OIP HTTP',
  protocol: 'oip',
  async send({ http }, { model = MODEL, text, fault }, signal) {
    const inputs = text === undefined ? [] : [{ name: 'txt', datatype: 'BYTES', shape: [1], data: [text] }]
    const body = JSON.stringify({ inputs, outputs: [{ name: 'result' }], parameters: { ...(fault && { fault }) } })
    const response = await fetch(`${http}/v2/models/${model}/infer`, { method: 'POST', body, signal })
    const { outputs = [] } = (await response.json()) as OipBody
    const answer = outputs.flatMap(({ data }) => data).join('')
    return response.ok ? { text: answer } : { text: answer, failure: { http: response.status } }
  },
  renders: reason => ({ http: HTTP_STATUS[reason] }),
}

/** gRPC itself refuses what is too large, and knows nothing of our trailing metadata. */
const renders: FrontEnd['renders'] = reason => {
  if (reason === 'message_too_large') return { status: status.RESOURCE_EXHAUSTED }
  return { status: GRPC_STATUS[reason], reason }
}

export const oipInfer: FrontEnd = {
  name: 'OIP ModelInfer',
  protocol: 'oip-grpc',
  renders,
  send: ({ grpc }, request, signal) =>
    withClient(grpc, async client => {
      try {
        return { text: textOf(await unaryCall(client, client.ModelInfer, messageOf(request), { signal })) }
      } catch (thrown) {
        return { text: '', failure: failureOf(thrown) }
      }
    }),
}

/** An error is an answer, unless the call itself fails. */
export const oipStream: FrontEnd = {
  name: 'OIP ModelStreamInfer',
  protocol: 'oip-grpc',
  renders: reason => (reason === 'message_too_large' ? renders(reason) : { answer: reason }),
  send: ({ grpc }, request, signal) =>
    withClient(grpc, async client => {
      const call = client.ModelStreamInfer()
      const leave = () => call.cancel()
      signal.addEventListener('abort', leave)
      call.write(messageOf(request))
      call.end()
      let text = ''
      try {
        for await (const { error_message, infer_response } of call as AsyncIterable<ModelStreamInferResponse__Output>) {
          const reason = infer_response?.parameters['aiges_reason']?.string_param
          if (error_message !== '') return { text, failure: { answer: reason } }
          text += textOf(infer_response)
        }
        return { text }
      } catch (thrown) {
        if (signal.aborted) throw signal.reason
        return { text, failure: failureOf(thrown) }
      } finally {
        signal.removeEventListener('abort', leave)
      }
    }),
}

async function withClient(
  address: string,
  use: (client: GRPCInferenceServiceClient) => Promise<Outcome>,
): Promise<Outcome> {
  const client: GRPCInferenceServiceClient = createClient(GRPCInferenceService, { address, maxMessageBytes: 64 << 20 })
  try {
    return await use(client)
  } finally {
    client.close()
  }
}

function messageOf({ model = MODEL, text, fault }: ScenarioRequest): ModelInferRequest {
  const contents = { bytes_contents: [Buffer.from(text ?? '')] }
  return {
    model_name: model,
    parameters: fault === undefined ? {} : { fault: { string_param: fault } },
    inputs: text === undefined ? [] : [{ name: 'txt', datatype: 'BYTES', shape: [1], contents }],
    outputs: [{ name: 'result' }],
  }
}

function textOf(response: ModelInferResponse__Output | null): string {
  return (response?.outputs ?? []).flatMap(({ contents }) => contents?.bytes_contents.map(String) ?? []).join('')
}

/** @throws what is no error of gRPC */
function failureOf(thrown: unknown): NonNullable<Outcome['failure']> {
  const error: GrpcError | undefined = rpcErrorOf(thrown)
  if (error === undefined) throw thrown
  const [reason] = error.metadata.get('aiges-reason')
  return reason === undefined ? { status: error.code } : { status: error.code, reason }
}
