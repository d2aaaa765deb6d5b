import { X509Certificate } from 'node:crypto'
import { type ChannelCredentials, credentials } from '@grpc/grpc-js'
import { HandshakeError } from './handshake.js'

/** What the daemon shows one plugin process; PEM. */
export interface Identity {
  readonly certificate: string
  readonly key: string
}

/** A plugin may run for years; its identity is replaced with the process. */
const VALID_DAYS = 30 * 365

/**
 * Makes a self-signed identity for mutual TLS by exchange of certificates (go-plugin calls it AutoMTLS): the plugin
 * gets the certificate in `PLUGIN_CLIENT_CERT` and gives its own in the handshake line.
 */
export async function createIdentity(): Promise<Identity> {
  // Loaded on demand: most daemons speak no TLS, and should not start later for it.
  const { generate } = await import('selfsigned')
  const now = Date.now()
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    // Clocks of one machine do not differ, but the plugin's one may read full seconds.
    notBeforeDate: new Date(now - 30_000),
    notAfterDate: new Date(now + VALID_DAYS * 86_400_000),
    extensions: [
      // Each side takes the other's certificate as the authority that has signed it.
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', clientAuth: true, serverAuth: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
    ],
  })
  return { certificate: cert, key }
}

/**
 * Credentials for a plugin by what its handshake said.
 * @param identity what it was given; undefined: it was not asked for TLS
 * @param serverCertificate the handshake's certificate: DER as base64
 * @returns undefined when both sides do without TLS
 * @throws HandshakeError when only one side wants TLS, or the certificate cannot be read
 */
export function peerCredentials(
  identity: Identity | undefined,
  serverCertificate: string | undefined,
): ChannelCredentials | undefined {
  if (identity === undefined) {
    if (serverCertificate === undefined) return undefined
    throw new HandshakeError('the plugin demands TLS: its handshake has a certificate; set [aiges] pluginTls = true')
  }
  if (serverCertificate === undefined) {
    throw new HandshakeError(
      '[aiges] pluginTls = true, but the handshake of the plugin has no certificate: it does not speak TLS. Plugins built ' +
        'with go-plugin do; wrappers in Python and native ones do not. Leave the key out for them: they listen on a Unix ' +
        'socket in a folder that nobody else may open, or else on 127.0.0.1',
    )
  }
  const plugin = parseCertificate(serverCertificate)
  return credentials.createSsl(Buffer.from(plugin), Buffer.from(identity.key), Buffer.from(identity.certificate))
}

function parseCertificate(base64: string): string {
  try {
    return new X509Certificate(Buffer.from(base64, 'base64')).toString()
  } catch (cause) {
    throw new HandshakeError("the certificate in the plugin's handshake cannot be read", { cause })
  }
}
