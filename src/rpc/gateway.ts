import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { loadSync, type PackageDefinition } from '@grpc/proto-loader'
import { protoPath as healthProtoPath } from 'grpc-health-check'
import { type HealthOptions, serveHealth } from './health.js'
import { serveReflection } from './reflection.js'
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
  /** Makes the messages and services of .proto files visible to clients that explore the server; asked when one does. */
  describe(load: () => PackageDefinition): void
  /**
   * Has the server go on taking calls, when it stops, until a step is done: for work that takes further calls to end.
   * @param step ends when its signal, which says that the time is over, does
   */
  onStopping(step: (over: AbortSignal) => Promise<void>): void
  /** Whether `stop` has been called: what is begun from then on should be refused. */
  readonly isStopping: boolean
  /** Has a step run when the server stops, after its last call. */
  onStopped(step: () => void): void
  /** Resolves with the port that was really bound. @throws ServiceError `misconfigured` when the address cannot be had */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /** Says NOT_SERVING from now on, and goes on serving. */
  unready(): void
  /**
   * Says NOT_SERVING, runs the steps of `onStopping`, accepts nothing new, lets calls end, and cuts off what has not
   * ended after `graceMs` in all.
   */
  stop(graceMs: number): Promise<void>
}

export function createRpcGateway(options: RpcGatewayOptions): RpcGateway {
  const server = createRpcServer(options)
  const endings: ((over: AbortSignal) => Promise<void>)[] = []
  const steps: (() => void)[] = []
  const described: (() => PackageDefinition)[] = [() => loadSync(healthProtoPath)]
  const stopHealth = serveHealth(server, options)
  let isStopping = false
  let address = formatAddress(options.host, options.port)

  return {
    get address() {
      return address
    },
    addService: (definition, implementation) => server.addService(definition, implementation),
    describe: load => void described.push(load),
    get isStopping() {
      return isStopping
    },
    unready: stopHealth,
    onStopping: step => void endings.push(step),
    onStopped: step => void steps.push(step),
    async start() {
      serveReflection(server, () => Object.assign({}, ...described.map(load => load())))
      const bound = await server.start()
      address = formatAddress(bound.host, bound.port)
      return bound
    },
    async stop(graceMs) {
      isStopping = true
      stopHealth()
      const end = performance.now() + graceMs
      const over = AbortSignal.timeout(graceMs)
      await Promise.all(endings.map(step => step(over)))
      await server.stop(Math.max(0, end - performance.now()))
      for (const step of steps) step()
    },
  }
}
