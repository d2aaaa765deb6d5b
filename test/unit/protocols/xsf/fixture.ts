import pino from 'pino'
import { type Reason, ServiceError } from '../../../../src/core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
  SessionRequest,
} from '../../../../src/core/inference.js'
import type { ModelInfo } from '../../../../src/core/model.js'
import { Status } from '../../../../src/core/payload.js'
import type { ProtoGrpcType as LoaderProto } from '../../../../src/gen/gateway/loader.js'
import type { LoaderInput } from '../../../../src/gen/gateway/protocol/LoaderInput.js'
import type { ReqData } from '../../../../src/gen/gateway/utils/ReqData.js'
import type { XsfCallClient } from '../../../../src/gen/gateway/utils/XsfCall.js'
import type { ProtoGrpcType as XsfProto } from '../../../../src/gen/gateway/xsf.js'
import { addAigesV1Service } from '../../../../src/protocols/aiges-v1/service.js'
import { refuseWhenClosing } from '../../../../src/protocols/shared/closing-inference.js'
import type { XsfAdmin } from '../../../../src/protocols/xsf/operations.js'
import { addXsfService } from '../../../../src/protocols/xsf/service.js'
import { createClient } from '../../../../src/rpc/channel.js'
import { createRpcGateway } from '../../../../src/rpc/gateway.js'
import { loadProto } from '../../../../src/rpc/proto.js'
import { unaryCall } from '../../../../src/rpc/unary.js'
import { instrumentInference, wasCounted } from '../../../../src/telemetry/instrumented-inference.js'
import { createMetrics } from '../../../../src/telemetry/metrics.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { capitals, FakeSession } from '../shared/fake-session.js'

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

type Open = (request: SessionRequest, ctx: RequestContext) => FakeSession | Promise<FakeSession>

export interface FixtureOptions {
  readonly once?: Once
  readonly open?: Open
  readonly admin?: Partial<XsfAdmin>
  readonly sessionIdleMs?: number
  readonly maxMessageBytes?: number
}

const unexpected = () => {
  throw new Error('nothing was to be changed')
}
const NO_ADMIN: XsfAdmin = { setSlots: unexpected, loadResource: unexpected, unloadResource: unexpected }

/** A started server with both gRPC front-ends, before a scripted InferenceService, and a client of it. */
export async function startXsf({
  once = async () => SEVEN,
  open = ({ firstSyncId }) => new FakeSession(capitals(firstSyncId)),
  admin,
  sessionIdleMs = 60_000,
  maxMessageBytes = MIB,
}: FixtureOptions = {}) {
  const seen: { request: InferenceRequest; ctx: RequestContext }[] = []
  const opened: { request: SessionRequest; ctx: RequestContext; session: FakeSession }[] = []
  const logLines: Record<string, unknown>[] = []
  const refused: [model: string | undefined, reason: Reason][] = []
  const listeners = new Set<() => void>()
  let models: readonly ModelInfo[] = [modelInfoOf('svcName', { sessionIdleMs })]

  const inference: InferenceService = {
    models: () => models,
    model: name => {
      const found = models.find(model => name === '' || model.name === name)
      if (found === undefined) throw new ServiceError('model_unknown')
      return found
    },
    once: (request, ctx) => {
      seen.push({ request, ctx })
      return once(request, ctx)
    },
    stream: () => {
      throw new Error('XsfCall asks for no stream')
    },
    async open(request, ctx) {
      const session = await open(request, ctx)
      opened.push({ request, ctx, session })
      return session
    },
  }
  const log = pino({ level: 'debug', base: null }, { write: line => logLines.push(JSON.parse(line)) })
  const server = createRpcGateway({
    inference,
    host: '127.0.0.1',
    port: 0,
    portKey: '[svcName] port',
    maxMessageBytes,
    onReadinessChange: listener => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  })
  const closing = (service: InferenceService) => refuseWhenClosing(service, () => server.isStopping)
  addAigesV1Service(server, { inference: closing(inference), log })
  const onFailure = (model: string | undefined, error: ServiceError) => {
    if (!wasCounted(error)) refused.push([model, error.reason])
  }
  const instrumented = instrumentInference(inference, createMetrics({ version: '0' }), { add() {} })
  addXsfService(server, {
    inference: closing(instrumented),
    log,
    onFailure,
    ...(admin && { admin: { ...NO_ADMIN, ...admin } }),
  })
  await server.start()
  const { address } = server
  const { XsfCall } = loadProto<XsfProto>('gateway', 'xsf.proto').utils
  const client: XsfCallClient = createClient(XsfCall, { address, maxMessageBytes: 8 * MIB })

  return {
    address,
    client,
    server,
    seen,
    opened,
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

/** An AIIn with a frame of a session: the first one when its `SeqNo` is 1. */
export function frameRequest(handle: string, text: string, frame: Frame = {}): ReqData {
  const { seqNo = '2', status = '1', syncId = 0, param = {}, input = {} } = frame
  const pl = [{ meta: { name: 'txt', attribute: { status } }, data: Buffer.from(text) }]
  const headers = { sid: `sid of ${handle}` }
  const data = InputCodec.serialize({ serviceId: 'svcName', state: 'STREAM', headers, pl, sync_id: syncId, ...input })
  return { op: 'AIIn', s: { h: handle }, param: { SeqNo: seqNo, ...param }, data: [{ data }] }
}

export interface Frame {
  readonly seqNo?: string
  readonly status?: string
  readonly syncId?: number
  readonly param?: Record<string, string>
  readonly input?: LoaderInput
}

/** An operation that needs nothing but a handle. */
export function operation(op: string, handle: string, param: Record<string, string> = {}): ReqData {
  return { op, s: { h: handle }, param: { SeqNo: '2', ...param } }
}

/** A once call that fails. */
export function failing(error: ServiceError | Error): Once {
  return () => Promise.reject(error)
}
