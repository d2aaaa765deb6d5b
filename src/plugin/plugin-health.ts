import { _grpc_health_v1_HealthCheckResponse_ServingStatus as Serving } from '../gen/plugin/grpc/health/v1/HealthCheckResponse.js'
import type { ProtoGrpcType } from '../gen/plugin/health.js'
import { loadProto } from '../rpc/proto.js'
import { unaryCall } from '../rpc/unary.js'
import { createPeerClient, type Peer } from './peer.js'

/** The name under which plugins of the go-plugin convention answer `grpc.health.v1`. */
const SERVICE = 'plugin'

export interface HealthClient {
  /** Whether it says in time that it serves. Never rejects. */
  check(timeoutMs: number): Promise<boolean>
  close(): void
}

/** Asks a plugin's own gRPC server whether it is well. */
export function createHealthClient(peer: Peer): HealthClient {
  const { Health: HealthService } = loadProto<ProtoGrpcType>('plugin', 'health.proto').grpc.health.v1
  const client = createPeerClient(HealthService, peer)
  return {
    async check(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      try {
        const { status } = await unaryCall(client, client.Check, { service: SERVICE }, { deadline, waitForReady: true })
        return status === Serving.SERVING
      } catch {
        return false
      }
    },
    close: () => client.close(),
  }
}
