import type { Logger } from 'pino'
import type { Report__Output as Report } from '../gen/plugin/aiges/plugin/v2/Report.js'
import { formatAddress } from '../rpc/server.js'
import type { PluginChannel } from './channel.js'
import { ChannelV1 } from './channel-v1.js'
import { ChannelV2 } from './channel-v2.js'
import type { Handshake, PluginAddress } from './handshake.js'
import type { Peer } from './peer.js'
import { createHealthClient, type HealthClient } from './plugin-health.js'
import { followStdio } from './plugin-stdio.js'
import { type Identity, peerCredentials } from './plugin-tls.js'

export interface ConnectionOptions {
  /** What the plugin has said. */
  readonly handshake: Handshake
  /** What it was given for mutual TLS; undefined: it was not asked for TLS. */
  readonly identity: Identity | undefined
  /** Takes what it prints, where it hands that on over gRPC. */
  readonly onLine: (stream: 'stdout' | 'stderr', line: string) => void
  /** Takes what the wrapper reports beside its results. */
  readonly onReport: (report: Report) => void
  /** Called when the channel breaks. */
  readonly onBroken: (why: string) => void
  /** Has aborted when the plugin has ended or is given up. */
  readonly ending: AbortSignal
  readonly log: Logger
}

/** How a plugin is spoken to; whoever made it closes both. */
export interface PluginConnection {
  readonly channel: PluginChannel
  readonly health: HealthClient
}

/**
 * Speaks to a plugin that has said where it listens.
 * @throws HandshakeError when only one side wants TLS
 */
export function connectPlugin(options: ConnectionOptions): PluginConnection {
  const { handshake, identity, onLine, onReport, onBroken, ending, log } = options
  const tls = peerCredentials(identity, handshake.serverCertificate)
  const peer: Peer = { address: grpcTarget(handshake.address), tls }
  followStdio(peer, onLine, ending, log)
  const health = createHealthClient(peer)
  const channel = handshake.protocol === 2 ? new ChannelV2(peer, onBroken, onReport) : new ChannelV1(peer, onBroken)
  return { channel, health }
}

function grpcTarget(address: PluginAddress): string {
  if (address.network === 'unix') return `unix:${address.path}`
  return formatAddress(address.host, address.port)
}
