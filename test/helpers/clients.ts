import { ServiceError } from '../../src/core/error.js'
import type { InferenceInput } from '../../src/gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput__Output as InferenceOutput } from '../../src/gen/gateway/aiges/v1/InferenceOutput.js'
import type { ProtoGrpcType as AigesV1Proto } from '../../src/gen/gateway/aiges-v1.js'
import type { ModelInferRequest } from '../../src/gen/gateway/inference/ModelInferRequest.js'
import type { ModelInferResponse__Output as ModelInferResponse } from '../../src/gen/gateway/inference/ModelInferResponse.js'
import type { ProtoGrpcType as LoaderProto } from '../../src/gen/gateway/loader.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import type { LoaderInput } from '../../src/gen/gateway/protocol/LoaderInput.js'
import type { LoaderOutput__Output as LoaderOutput } from '../../src/gen/gateway/protocol/LoaderOutput.js'
import type { ProtoGrpcType as XsfProto } from '../../src/gen/gateway/xsf.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { unaryCall } from '../../src/rpc/unary.js'

/** An answer of the ASE front-end. */
export interface AseAnswer {
  readonly status: number
  readonly body: {
    readonly header: {
      readonly code: number
      readonly message?: string
      readonly sid: string
      readonly status?: number
    }
    readonly payload: Readonly<Record<string, Readonly<Record<string, string>>>> | null
  }
}

export async function postAse(url: string, body: unknown, init: RequestInit = {}): Promise<AseAnswer> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...init,
  })
  return { status: response.status, body: (await response.json()) as AseAnswer['body'] }
}

/** A request with one text payload, as the test wrappers take it. */
export function textRequest(text: string, parameters: Readonly<Record<string, unknown>> = {}) {
  return {
    header: { appid: '123456', status: 3 },
    parameter: { svcName: { ...parameters } },
    payload: { text: { encoding: 'utf8', status: 3, text: Buffer.from(text).toString('base64') } },
  }
}

/** Calls aiges.v1.Inference/Exec. */
export async function execAigesV1(address: string, input: InferenceInput): Promise<InferenceOutput> {
  const { Inference } = loadProto<AigesV1Proto>('gateway', 'aiges-v1.proto').aiges.v1
  const client = createClient(Inference, { address, maxMessageBytes: 64 << 20 })
  try {
    return await unaryCall(client, client.Exec, input)
  } finally {
    client.close()
  }
}

/** Calls inference.GRPCInferenceService/ModelInfer. */
export async function inferOip(address: string, request: ModelInferRequest): Promise<ModelInferResponse> {
  const { GRPCInferenceService } = loadProto<OipProto>('gateway', 'oip.proto').inference
  const client = createClient(GRPCInferenceService, { address, maxMessageBytes: 64 << 20 })
  try {
    return await unaryCall(client, client.ModelInfer, request)
  } finally {
    client.close()
  }
}

/** Calls utils.XsfCall once and decodes the LoaderOutput of the answer. */
export async function callXsf(address: string, op: string, param: Record<string, string>, input?: LoaderInput) {
  const { XsfCall } = loadProto<XsfProto>('gateway', 'xsf.proto').utils
  const loader = loadProto<LoaderProto>('gateway', 'loader.proto').protocol
  const client = createClient(XsfCall, { address, maxMessageBytes: 64 << 20 })
  try {
    const data = input ? [{ data: loader.LoaderInput.serialize(input as never) }] : []
    const answer = await unaryCall(client, client.call, { op, param, s: { t: '', h: 'handle-1' }, data })
    const bytes = answer.data[0]?.data
    if (bytes === undefined) throw new ServiceError('internal', 'the answer has no data')
    return { ...answer, output: loader.LoaderOutput.deserialize(bytes) as unknown as LoaderOutput }
  } finally {
    client.close()
  }
}
