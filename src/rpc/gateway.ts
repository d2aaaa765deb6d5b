import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { ReflectionService } from '@grpc/reflection'
import { protoPath as healthProtoPath } from 'grpc-health-check'
import { type HealthOptions, serveHealth } from './health.js'
import { createRpcServer, formatAddress, type RpcServerOptions } from './server.js'

export interface RpcGatewayOptions extends RpcServerOptions, HealthOptions {}

/**
 * The one gRPC server that callers talk to: the services of all front-ends, grpc.health.v1 and server reflection on one
 * port. Front-ends add what they have, then it starts once, then it stops.
 */
export interface RpcGateway {
  /** `host:port` as callers are to know it. Before the start its port may be 0. */
  readonly address: string
  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void
  /** Makes the messages and services of a .proto file visible to clients that explore the server. */
  describe(definition: PackageDefinition): void
  /** Has a step run when the server stops, after its last call. */
  onStopped(step: () => void): void
  /** Resolves with the port that was really bound. @throws ServiceError `misconfigured` when the address cannot be had */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /** Says NOT_SERVING, accepts nothing new, lets calls end for up to `graceMs`, then cuts the rest off. */
  stop(graceMs: number): Promise<void>
}

export function createRpcGateway(options: RpcGatewayOptions): RpcGateway {
  const server = createRpcServer(options)
  const steps: (() => void)[] = []
  const described: PackageDefinition = loadSync(healthProtoPath)
  const stopHealth = serveHealth(server, options)
  let address = formatAddress(options.host, options.port)

  return {
    get address() {
      return address
    },
    addService: (definition, implementation) => server.addService(definition, implementation),
    describe: definition => void Object.assign(described, definition),
    onStopped: step => void steps.push(step),
    async start() {
      new ReflectionService(described).addToServer({ addService: server.addWatchService })
      const bound = await server.start()
      address = formatAddress(bound.host, bound.port)
      return bound
    },
    async stop(graceMs) {
      stopHealth()
      await server.stop(graceMs)
      for (const step of steps) step()
    },
  }
}
