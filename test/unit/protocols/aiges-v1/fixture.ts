import pino from 'pino'
import { ServiceError } from '../../../../src/core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
  SessionRequest,
} from '../../../../src/core/inference.js'
import { type Payload, Status } from '../../../../src/core/payload.js'
import type { InferenceClient } from '../../../../src/gen/gateway/aiges/v1/Inference.js'
import type { InferenceInput } from '../../../../src/gen/gateway/aiges/v1/InferenceInput.js'
import type { ProtoGrpcType } from '../../../../src/gen/gateway/aiges-v1.js'
import { addAigesV1Service } from '../../../../src/protocols/aiges-v1/service.js'
import { createClient } from '../../../../src/rpc/channel.js'
import { createRpcGateway } from '../../../../src/rpc/gateway.js'
import { loadProto } from '../../../../src/rpc/proto.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { deferred } from '../../rpc/deferred.js'
import type { FakeSession } from '../shared/fake-session.js'

const { Inference, InferenceInput: InputCodec } = loadProto<ProtoGrpcType>('gateway', 'aiges-v1.proto').aiges.v1

export { InputCodec }

export const MIB = 1 << 20

export interface FixtureOptions {
  readonly once?: (request: InferenceRequest, ctx: RequestContext) => Promise<InferenceResult>
  readonly stream?: (request: InferenceRequest, ctx: RequestContext) => AsyncIterable<InferenceResult>
  readonly open?: (request: SessionRequest, ctx: RequestContext) => FakeSession | Promise<FakeSession>
}

function unexpected(): never {
  throw new Error('the test expects no such call')
}

/** A started server in front of a scripted InferenceService with the models `svcName` and `other`, and a client. */
export async function startAigesV1({ once = unexpected, stream = unexpected, open = unexpected }: FixtureOptions) {
  const seen: { request: InferenceRequest | SessionRequest; ctx: RequestContext }[] = []
  const logLines: Record<string, unknown>[] = []
  const models = ['svcName', 'other'].map(name => modelInfoOf(name))
  const inference: InferenceService = {
    models: () => models,
    model: name => {
      const found = models.find(model => name === '' || model.name === name)
      if (found === undefined) throw new ServiceError('model_unknown')
      return found
    },
    async once(request, ctx) {
      seen.push({ request, ctx })
      return once(request, ctx)
    },
    stream(request, ctx) {
      seen.push({ request, ctx })
      return stream(request, ctx)
    },
    async open(request, ctx) {
      seen.push({ request, ctx })
      const session = await open(request, ctx)
      if (request.first) void session.write(request.first)
      return session
    },
  }
  const server = createRpcGateway({
    inference,
    onReadinessChange: () => () => {},
    host: '127.0.0.1',
    port: 0,
    portKey: '[svcName] port',
    maxMessageBytes: MIB,
  })
  const firstLogLine = deferred<Record<string, unknown>>()
  const write = (line: string) => {
    logLines.push(JSON.parse(line))
    firstLogLine.resolve(JSON.parse(line))
  }
  const log = pino({ level: 'debug', base: null }, { write })
  addAigesV1Service(server, { inference, log })
  await server.start()
  const client: InferenceClient = createClient(Inference, { address: server.address, maxMessageBytes: 8 * MIB })
  return {
    address: server.address,
    client,
    seen,
    logLines,
    firstLogLine: firstLogLine.promise,
    async close() {
      client.close()
      await server.stop(0)
    },
  }
}

/** A request, or a frame, with one text. */
export function textInput(text: string, status: Status = Status.begin, more: InferenceInput = {}): InferenceInput {
  return { data: [{ data_id: 'txt', status, data: Buffer.from(text) }], ...more }
}

export function textResult(text: string | Buffer, status: Status): InferenceResult {
  const result: Payload = {
    key: 'result',
    type: 'text',
    status,
    attributes: { encoding: 'utf8' },
    data: Buffer.from(text),
  }
  return { status, payloads: [result] }
}
