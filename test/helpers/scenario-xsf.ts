import type { ProtoGrpcType as LoaderProto } from '../../src/gen/gateway/loader.js'
import type { LoaderInput } from '../../src/gen/gateway/protocol/LoaderInput.js'
import type { LoaderOutput, LoaderOutput__Output } from '../../src/gen/gateway/protocol/LoaderOutput.js'
import type { ReqData } from '../../src/gen/gateway/utils/ReqData.js'
import type { ResData__Output } from '../../src/gen/gateway/utils/ResData.js'
import type { XsfCallClient } from '../../src/gen/gateway/utils/XsfCall.js'
import type { ProtoGrpcType as XsfProto } from '../../src/gen/gateway/xsf.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { unaryCall } from '../../src/rpc/unary.js'

const { XsfCall } = loadProto<XsfProto>('gateway', 'xsf.proto').utils
const loader = loadProto<LoaderProto>('gateway', 'loader.proto').protocol

/** One connection to utils.XsfCall. Whoever makes it closes it. */
export interface XsfClient {
  /** @throws the signal's reason, or the error of gRPC itself */
  call(request: ReqData, signal?: AbortSignal): Promise<ResData__Output>
  close(): void
}

export function createXsfClient(address: string): XsfClient {
  const client: XsfCallClient = createClient(XsfCall, { address, maxMessageBytes: 64 << 20 })
  return {
    call: (request, signal) => unaryCall(client, client.call, request, signal === undefined ? {} : { signal }),
    close: () => client.close(),
  }
}

export const encodeInput = (input: LoaderInput): Buffer => loader.LoaderInput.serialize(input)

export const encodeOutput = (output: LoaderOutput): Buffer => loader.LoaderOutput.serialize(output)

/** @param bytes `data[0].data` of an answer; absent: the answer has none, which is a fault */
export function decodeOutput(bytes: Buffer | undefined): LoaderOutput__Output {
  if (bytes === undefined) throw new Error('the answer has no data')
  return loader.LoaderOutput.deserialize(bytes)
}
