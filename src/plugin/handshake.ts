/** Where a plugin listens. */
export type PluginAddress =
  | { readonly network: 'tcp'; readonly host: string; readonly port: number }
  | { readonly network: 'unix'; readonly path: string }

/** What a plugin says in its one handshake line. */
export interface Handshake {
  /** Version of the plugin protocol that the plugin picked from those offered. */
  readonly protocol: number
  readonly address: PluginAddress
  /** DER as base64, when the plugin wants TLS. */
  readonly serverCertificate?: string
}

/** The line is meant as a handshake, but this host cannot go on with it; the message says precisely why. */
export class HandshakeError extends Error {
  override readonly name = 'HandshakeError'
}

/** The grpc libraries on both sides agree on these characters only; longer paths are cut silently. */
const SAFE_SOCKET_PATH = /^[A-Za-z0-9/._-]{1,107}$/

/**
 * Parses `CORE|APP|NETWORK|ADDRESS|PROTOCOL[|SERVER_CERT[|MUX]]` (the go-plugin convention).
 * @returns undefined for a line that is ordinary output
 * @throws HandshakeError for a line that is a handshake which cannot be accepted
 */
export function parseHandshake(line: string, offered: readonly number[]): Handshake | undefined {
  const text = line.trim()
  if (!/^\d+\|\d+\|/.test(text)) return undefined
  const [core, app, network, address, protocol, certificate] = text.split('|')
  if (core !== '1') throw new HandshakeError(`core protocol version is ${core}, but only 1 is known`)
  const version = Number(app)
  if (!offered.includes(version)) {
    throw new HandshakeError(`the plugin chose protocol ${app}, but ${offered.join(' and ')} was offered`)
  }
  if (protocol !== 'grpc') {
    throw new HandshakeError(`the plugin speaks '${protocol ?? 'nothing'}', but only grpc is understood`)
  }
  const parsed = { protocol: version, address: parseAddress(network, address ?? '') }
  return certificate ? { ...parsed, serverCertificate: certificate } : parsed
}

function parseAddress(network: string | undefined, address: string): PluginAddress {
  if (network === 'unix') {
    if (!SAFE_SOCKET_PATH.test(address) || !address.startsWith('/')) {
      throw new HandshakeError(
        `unix socket '${address}' cannot be used: absolute path of at most 107 of A-Z a-z 0-9 / . _ - expected`,
      )
    }
    return { network, path: address }
  }
  if (network === 'tcp') {
    const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(address)
    const port = Number(match?.[3])
    if (!match || port < 1 || port > 65535) throw new HandshakeError(`'${address}' is not a HOST:PORT address`)
    return { network, host: match[1] || match[2] || '127.0.0.1', port }
  }
  throw new HandshakeError(`network '${network}' is neither tcp nor unix`)
}
