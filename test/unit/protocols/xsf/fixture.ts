import pino from 'pino'
import type { Reason, ServiceError } from '../../../../src/core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
} from '../../../../src/core/inference.js'
import type { ModelInfo } from '../../../../src/core/model.js'
import { Status } from '../../../../src/core/payload.js'
import type { ProtoGrpcType as LoaderProto } from '../../../../src/gen/gateway/loader.js'
import type { LoaderInput } from '../../../../src/gen/gateway/protocol/LoaderInput.js'
import type { ReqData } from '../../../../src/gen/gateway/utils/ReqData.js'
import type { XsfCallClient } from '../../../../src/gen/gateway/utils/XsfCall.js'
import type { ProtoGrpcType as XsfProto } from '../../../../src/gen/gateway/xsf.js'
import { createXsfServer } from '../../../../src/protocols/xsf/server.js'
import { createClient } from '../../../../src/rpc/channel.js'
import { loadProto } from '../../../../src/rpc/proto.js'
import { formatAddress } from '../../../../src/rpc/server.js'
import { unaryCall } from '../../../../src/rpc/unary.js'

export const { LoaderInput: InputCodec, LoaderOutput: OutputCodec } = loadProto<LoaderProto>(
  'gateway',
  'loader.proto',
).protocol

export const MIB = 1 << 20

export type Once = (request: InferenceRequest, ctx: RequestContext) => Promise<InferenceResult>

/** The answer of the transcripts' test plugin to whatever it is asked. */
export const SEVEN: InferenceResult = {
  status: Status.once,
  payloads: [
    {
      key: 'result',
      type: 'text',
      status: Status.once,
      attributes: { encoding: 'utf8' },
      data: Buffer.from('{"result": 7, "msg": "\\u8bc6\\u522b\\u7ed3\\u679c\\u4e3a\\u6570\\u5b57: 7"}'),
    },
  ],
}

export interface FixtureOptions {
  readonly once?: Once
  readonly maxMessageBytes?: number
}

/** A started server in front of a scripted InferenceService, and a client of it. */
export async function startXsf({ once = async () => SEVEN, maxMessageBytes = MIB }: FixtureOptions = {}) {
  const seen: { request: InferenceRequest; ctx: RequestContext }[] = []
  const logLines: Record<string, unknown>[] = []
  const refused: [model: string | undefined, reason: Reason][] = []
  const listeners = new Set<() => void>()
  let models: readonly ModelInfo[] = [{ name: 'svcName', readiness: { ready: true } }]

  const inference: InferenceService = {
    models: () => models,
    model: name => models.find(model => name === '' || model.name === name) as ModelInfo,
    once: (request, ctx) => {
      seen.push({ request, ctx })
      return once(request, ctx)
    },
  }
  const server = createXsfServer({
    inference,
    log: pino({ level: 'debug', base: null }, { write: line => logLines.push(JSON.parse(line)) }),
    host: '127.0.0.1',
    port: 0,
    portKey: '[svcName] port',
    onRefused: (model, reason) => refused.push([model, reason]),
    maxMessageBytes,
    onReadinessChange: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const { host, port } = await server.start()
  const address = formatAddress(host, port)
  const { XsfCall } = loadProto<XsfProto>('gateway', 'xsf.proto').utils
  const client: XsfCallClient = createClient(XsfCall, { address, maxMessageBytes: 8 * MIB })

  return {
    address,
    client,
    server,
    seen,
    logLines,
    refused,
    listeners,
    setModels(next: readonly ModelInfo[]) {
      models = next
      for (const listener of listeners) listener()
    },
    /** Calls, and decodes the LoaderOutput. */
    async call(request: ReqData, signal?: AbortSignal) {
      const response = await unaryCall(client, client.call, request, signal === undefined ? {} : { signal })
      return { response, output: OutputCodec.deserialize(response.data[0]?.data as Buffer) }
    },
    async close() {
      client.close()
      await server.stop(0)
    },
  }
}

export type XsfFixture = Awaited<ReturnType<typeof startXsf>>

/** An AIIn that opens a once call with one image. */
export function onceRequest(input: LoaderInput = {}, param: Record<string, string> = {}): ReqData {
  const data = InputCodec.serialize({
    serviceId: 'svcName',
    state: 'ONCE',
    headers: { sid: 'sid-1' },
    pl: [{ meta: { name: 'img', dataType: 'IMAGE', attribute: { encoding: 'jpg' } }, data: Buffer.from('bytes') }],
    ...input,
  })
  return { op: 'AIIn', s: { h: 'handle-1' }, param: { SeqNo: '1', ...param }, data: [{ data }] }
}

/** A once call that fails. */
export function failing(error: ServiceError | Error): Once {
  return () => Promise.reject(error)
}
