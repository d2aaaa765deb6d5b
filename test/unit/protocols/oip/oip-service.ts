import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import type { Reason } from '../../../../src/core/error.js'
import type { GRPCInferenceServiceClient } from '../../../../src/gen/gateway/inference/GRPCInferenceService.js'
import type { ProtoGrpcType } from '../../../../src/gen/gateway/oip.js'
import { addOipService, type OipServiceOptions } from '../../../../src/protocols/oip/service.js'
import { createClient } from '../../../../src/rpc/channel.js'
import { createRpcGateway } from '../../../../src/rpc/gateway.js'
import { loadProto } from '../../../../src/rpc/proto.js'
import type { FakeInference } from '../shared/fake-inference.js'
import { OIP_DEFAULTS } from './oip-server.js'

const { GRPCInferenceService } = loadProto<ProtoGrpcType>('gateway', 'oip.proto').inference

/** Longer than any test. */
const STOP_MS = 60_000

/** A gRPC server with nothing but this service, and a client; both end with the test. */
export async function oipService(inference: FakeInference, options: Partial<OipServiceOptions> = {}) {
  const failures: [string | undefined, Reason][] = []
  const log = pino({ level: 'silent' })
  const server = createRpcGateway({
    inference,
    onReadinessChange: () => () => {},
    host: '127.0.0.1',
    port: 0,
    portKey: '[svcName] port',
    maxMessageBytes: 1 << 20,
  })
  addOipService(server, {
    ...OIP_DEFAULTS,
    inference,
    log,
    onFailure: (model, { reason }) => failures.push([model, reason]),
    ...options,
  })
  await server.start()
  const client: GRPCInferenceServiceClient = createClient(GRPCInferenceService, {
    address: server.address,
    maxMessageBytes: 1 << 20,
  })
  onTestFinished(async () => {
    client.close()
    await server.stop(0)
  })
  return { client, failures, stop: () => server.stop(STOP_MS) }
}
