import { type ChannelCredentials, type ChannelOptions, type Client, credentials } from '@grpc/grpc-js'

/** HTTP/2 window per stream and connection, in bytes; the default of 64 KiB makes a 1 MB message take 2.5 times longer. */
export const FLOW_CONTROL_WINDOW_BYTES = 8 << 20

/**
 * Options of every channel that the daemon opens.
 * @param maxMessageBytes largest message in either direction; past it a call ends with RESOURCE_EXHAUSTED
 */
export function clientChannelOptions(maxMessageBytes: number): ChannelOptions {
  return {
    'grpc.max_receive_message_length': maxMessageBytes,
    'grpc.max_send_message_length': maxMessageBytes,
    'grpc-node.flow_control_window': FLOW_CONTROL_WINDOW_BYTES,
    // A process that was restarted on the same address would otherwise inherit the back-off of the one that died.
    'grpc.use_local_subchannel_pool': 1,
    'grpc.initial_reconnect_backoff_ms': 100,
    'grpc.max_reconnect_backoff_ms': 1000,
    // Whether a request may be sent twice is decided where it is known if a wrapper has begun it.
    'grpc.enable_retries': 0,
    // The peer is a process on this machine or in this cluster; http_proxy is meant for other traffic.
    'grpc.enable_http_proxy': 0,
  }
}

/** A generated client's constructor, as `loadProto` gives it. */
export type ClientConstructor<C extends Client> = new (
  address: string,
  credentials: ChannelCredentials,
  options?: ChannelOptions,
) => C

export interface ClientOptions {
  /** `host:port` or `unix:/path`. */
  readonly address: string
  /** Largest message in bytes, both ways. */
  readonly maxMessageBytes: number
  /** Default: no encryption. */
  readonly credentials?: ChannelCredentials
  /** The name that the server's certificate must be for. Default: the host of `address`. */
  readonly serverName?: string
}

/** Makes a client. It connects on its first call; whoever made it must `close()` it. */
export function createClient<C extends Client>(ClientType: ClientConstructor<C>, options: ClientOptions): C {
  return new ClientType(options.address, options.credentials ?? credentials.createInsecure(), {
    ...clientChannelOptions(options.maxMessageBytes),
    ...(options.serverName !== undefined && { 'grpc.ssl_target_name_override': options.serverName }),
  })
}
