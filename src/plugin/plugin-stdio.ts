import { PassThrough } from 'node:stream'
import { status } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { ProtoGrpcType } from '../gen/plugin/go-plugin.js'
import {
  _plugin_StdioData_Channel as Channel,
  type StdioData__Output as StdioData,
} from '../gen/plugin/plugin/StdioData.js'
import { loadProto } from '../rpc/proto.js'
import { createPeerClient, type Peer } from './peer.js'
import { onLines } from './runner/line-splitter.js'

/** How the stream ends without a fault: the plugin has none, or it ended. */
const ORDINARY_ENDS: ReadonlySet<number> = new Set([status.UNIMPLEMENTED, status.UNAVAILABLE, status.CANCELLED])

/**
 * Reads what a program built with go-plugin prints: after its handshake such a program hands its output on over gRPC
 * instead of its pipes, and stands still when nobody reads it. Ends by itself with the plugin's process.
 * @param ending has aborted when the plugin has ended or is given up: then the output ends however it may
 */
export function followStdio(
  peer: Peer,
  onLine: (stream: 'stdout' | 'stderr', line: string) => void,
  ending: AbortSignal,
  log: Logger,
): void {
  const { GRPCStdio } = loadProto<ProtoGrpcType>('plugin', 'go-plugin.proto').plugin
  const client = createPeerClient(GRPCStdio, peer)
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  onLines(stdout, line => onLine('stdout', line))
  onLines(stderr, line => onLine('stderr', line))
  const end = () => {
    stdout.end()
    stderr.end()
    client.close()
  }
  const stdio = client.StreamStdio({})
  stdio.on('data', ({ channel, data }: StdioData) => (channel === Channel.STDERR ? stderr : stdout).write(data))
  stdio.on('end', end)
  stdio.on('error', (error: Error & { code?: number }) => {
    if (!ending.aborted && !ORDINARY_ENDS.has(error.code ?? -1))
      log.warn({ err: error }, "the plugin's output over gRPC ended early")
    end()
  })
}
