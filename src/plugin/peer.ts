import type { ChannelCredentials, Client } from '@grpc/grpc-js'
import { type ClientConstructor, createClient } from '../rpc/channel.js'

/** Where a plugin's gRPC server listens, and how it is spoken to. */
export interface Peer {
  /** `host:port` or `unix:/path`. */
  readonly address: string
  /** Undefined: without TLS. */
  readonly tls?: ChannelCredentials | undefined
}

/** Makes a client of one of a plugin's services; whoever made it must `close()` it. */
export function createPeerClient<C extends Client>(ClientType: ClientConstructor<C>, { address, tls }: Peer): C {
  return createClient(ClientType, {
    address,
    // A limit on what a plugin sends would end a whole stream, and every call on it, for one answer that is too long.
    maxMessageBytes: -1,
    // Certificates of plugins are made for this name, wherever the plugin listens.
    ...(tls && { credentials: tls, serverName: 'localhost' }),
  })
}
