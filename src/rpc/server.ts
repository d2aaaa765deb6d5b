import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { ServiceError } from '../core/error.js'
import { FLOW_CONTROL_WINDOW_BYTES } from './channel.js'
import { sendAhead } from './send-ahead.js'
import { type SlowClientOptions, watchSlowClients } from './slow-clients.js'

export interface RpcServerOptions extends SlowClientOptions {
  /** Address or name to listen on, such as `0.0.0.0` or `::`. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  /** Largest message in bytes, both ways; past it a call ends with RESOURCE_EXHAUSTED. */
  readonly maxMessageBytes: number
  /** The configuration key that holds the port, named in the error when the port cannot be had, such as `[svcName] port`. */
  readonly portKey: string
  /** Default: no encryption. */
  readonly credentials?: ServerCredentials
  /** A connection is asked so often whether it is still alive, in ms, and closed when it does not answer as long. Default 20,000. */
  readonly keepaliveMs?: number
  /** A connection over which no call goes is closed after so long, in ms; 0: never. Default 0. */
  readonly idleTimeoutMs?: number
}

const KEEPALIVE_MS = 20_000

/** Calls of a connection at the same time; a client lets further ones wait. Each costs memory, whatever it does. */
const MOST_CALLS = 1000

/** A gRPC server with an orderly end. Add services, then start once, then stop. */
export interface RpcServer {
  addService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void
  /**
   * Adds a service whose streams carry no work, such as health and reflection: `stop` ends them instead of waiting for
   * a client to do so.
   */
  addWatchService(definition: ServiceDefinition, implementation: UntypedServiceImplementation): void
  /** Resolves with the port that was really bound. @throws ServiceError `misconfigured` when the address cannot be had */
  start(): Promise<{ readonly host: string; readonly port: number }>
  /** Accepts nothing new, lets calls end for up to `graceMs`, then cuts the rest off. */
  stop(graceMs: number): Promise<void>
}

/** `host:port`, with the brackets that an IPv6 address needs. */
export function formatAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

export function createRpcServer(options: RpcServerOptions): RpcServer {
  const { host, port, maxMessageBytes, portKey, keepaliveMs = KEEPALIVE_MS, idleTimeoutMs = 0 } = options
  const { credentials = ServerCredentials.createInsecure() } = options
  const slowClients = watchSlowClients(options)
  const server = new Server({
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    // Node stops reading a connection that broke the rules of HTTP/2, but leaves it open, even when its client has gone.
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveMs,
    'grpc.max_concurrent_streams': MOST_CALLS,
    ...(idleTimeoutMs > 0 && { 'grpc.max_connection_idle_ms': idleTimeoutMs }),
    interceptors: [slowClients.interceptor, sendAhead],
  })
  const watches = new Set<EndableStream>()

  return {
    addService: (definition, implementation) => server.addService(definition, implementation),

    addWatchService: (definition, implementation) =>
      server.addService(definition, trackStreams(definition, implementation, watches)),

    start: () =>
      new Promise((resolve, reject) => {
        server.bindAsync(formatAddress(host, port), credentials, (error, boundPort) => {
          if (error === null) resolve({ host, port: boundPort })
          else reject(new ServiceError('misconfigured', bindFailure(error, host, port, portKey), { cause: error }))
        })
      }),

    stop: graceMs =>
      new Promise(resolve => {
        const force = setTimeout(() => server.forceShutdown(), graceMs)
        for (const watch of watches) watch.end()
        server.tryShutdown(() => {
          clearTimeout(force)
          slowClients.stop()
          resolve()
        })
      }),
  }
}

type EndableStream = ServerWritableStream<unknown, unknown> | ServerDuplexStream<unknown, unknown>

/** The same implementation, its streams kept in `open` for as long as they are. */
function trackStreams(
  definition: ServiceDefinition,
  implementation: UntypedServiceImplementation,
  open: Set<EndableStream>,
): UntypedServiceImplementation {
  const tracked = { ...implementation }
  for (const [name, method] of Object.entries(definition)) {
    // grpc-js takes handlers under the name of the .proto file and under its lower-camel form.
    const key = name in implementation ? name : (method.originalName ?? name)
    const handler = implementation[key] as ((call: EndableStream) => void) | undefined
    if (!method.responseStream || handler === undefined) continue
    tracked[key] = (call: EndableStream) => {
      open.add(call)
      for (const event of ['finish', 'cancelled']) call.once(event, () => open.delete(call))
      handler(call)
    }
  }
  return tracked
}

function bindFailure(error: Error, host: string, port: number, portKey: string): string {
  const address = formatAddress(host, port)
  if (error.message.includes('EADDRINUSE')) {
    return `${portKey}: ${address} is in use by another process; choose another port, or 0 for a free one`
  }
  return `${portKey}: cannot listen on ${address}: ${error.message}`
}
