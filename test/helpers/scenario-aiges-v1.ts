import { type ClientReadableStream, type ServiceError as GrpcError, status } from '@grpc/grpc-js'
import type { InferenceClient } from '../../src/gen/gateway/aiges/v1/Inference.js'
import type { InferenceInput } from '../../src/gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput__Output } from '../../src/gen/gateway/aiges/v1/InferenceOutput.js'
import type { ProtoGrpcType } from '../../src/gen/gateway/aiges-v1.js'
import { AIGES_V1_CODES } from '../../src/protocols/aiges-v1/error-map.js'
import { GRPC_STATUS } from '../../src/protocols/shared/grpc-status.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { rpcErrorOf, unaryCall } from '../../src/rpc/unary.js'
import type { FrontEnd, Outcome, ScenarioRequest } from './scenario-front-end.js'

const { Inference } = loadProto<ProtoGrpcType>('gateway', 'aiges-v1.proto').aiges.v1

/** gRPC itself refuses what is too large, and knows nothing of our trailing metadata. */
const renders: FrontEnd['renders'] = reason => {
  if (reason === 'message_too_large') return { status: status.RESOURCE_EXHAUSTED }
  return { status: GRPC_STATUS[reason], code: AIGES_V1_CODES[reason], reason }
}

export const aigesV1Exec: FrontEnd = {
  name: 'aiges.v1 Exec',
  protocol: 'aiges-v1',
  renders,
  send: ({ grpc }, request, signal) =>
    withClient(grpc, async (client, onText) => {
      onText(await unaryCall(client, client.Exec, inputOf(request), { signal }))
    }),
}

export const aigesV1ExecStream: FrontEnd = {
  name: 'aiges.v1 ExecStream',
  protocol: 'aiges-v1',
  renders,
  send: ({ grpc }, request, signal) =>
    withClient(grpc, (client, onText) => readAll(client.ExecStream(inputOf(request)), signal, onText)),
}

export const aigesV1Stream: FrontEnd = {
  name: 'aiges.v1 Stream',
  protocol: 'aiges-v1',
  renders,
  send: ({ grpc }, request, signal) =>
    withClient(grpc, (client, onText) => {
      const call = client.Stream()
      call.write(inputOf(request))
      call.end()
      return readAll(call, signal, onText)
    }),
}

type OnOutput = (output: InferenceOutput__Output) => void

async function withClient(
  address: string,
  use: (client: InferenceClient, onText: OnOutput) => Promise<void>,
): Promise<Outcome> {
  const client: InferenceClient = createClient(Inference, { address, maxMessageBytes: 64 << 20 })
  let text = ''
  try {
    await use(client, ({ data }) => {
      text += data.map(piece => piece.data.toString()).join('')
    })
    return { text }
  } catch (thrown) {
    const error = rpcErrorOf(thrown)
    if (error === undefined) throw thrown
    return { text, failure: failureOf(error) }
  } finally {
    client.close()
  }
}

async function readAll(
  call: ClientReadableStream<InferenceOutput__Output>,
  signal: AbortSignal,
  onOutput: OnOutput,
): Promise<void> {
  const leave = () => call.cancel()
  signal.addEventListener('abort', leave)
  try {
    for await (const output of call) onOutput(output)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

function failureOf({ code, metadata }: GrpcError): NonNullable<Outcome['failure']> {
  const [reason] = metadata.get('aiges-reason')
  return reason === undefined ? { status: code } : { status: code, code: Number(metadata.get('aiges-code')[0]), reason }
}

function inputOf({ model = '', text, fault }: ScenarioRequest): InferenceInput {
  return {
    model,
    params: fault === undefined ? {} : { fault },
    accepts: [{ data_id: 'result' }],
    data: text === undefined ? [] : [{ data_id: 'txt', status: 'END', data: Buffer.from(text) }],
  }
}
