import { experimental, type ServerCredentials } from '@grpc/grpc-js'
import { TLS_HANDSHAKE_TIMEOUT_MS, type TlsIdentity } from '../tls/identity.js'
import type { ServerIdentity } from '../tls/server-identity.js'

type CertificateProvider = Parameters<typeof experimental.createCertificateProviderServerCredentials>[0]

/** Credentials of a gRPC server that shows what its identity is at the moment. */
export function createServerCredentials(identity: ServerIdentity): ServerCredentials {
  const provider = providerOf(identity)
  const mutual = identity.current.clientCa !== undefined
  // The names of the parameters are the wrong way round in grpc-js: the identity comes first, then the authorities.
  const credentials = experimental.createCertificateProviderServerCredentials(
    provider,
    mutual ? provider : null,
    mutual,
  )
  // grpc-js hands on to the server what stands in its own options, and has none for this.
  Object.assign(credentials._getConstructorOptions() ?? {}, { handshakeTimeout: TLS_HANDSHAKE_TIMEOUT_MS })
  return credentials
}

/** What grpc-js asks for certificates; the credentials listen as long as their server is there. */
function providerOf(identity: ServerIdentity): CertificateProvider {
  const tellers = new Map<unknown, (identity: TlsIdentity) => void>()
  identity.onChange(next => {
    for (const tell of tellers.values()) tell(next)
  })
  const add = (listener: unknown, tell: (identity: TlsIdentity) => void) => {
    tellers.set(listener, tell)
    // The credentials call before they listen to what is answered.
    queueMicrotask(() => tell(identity.current))
  }
  return {
    addCaCertificateListener: listener =>
      add(listener, ({ clientCa }) => listener(clientCa === undefined ? null : { caCertificate: clientCa })),
    removeCaCertificateListener: listener => void tellers.delete(listener),
    addIdentityCertificateListener: listener =>
      add(listener, ({ cert, key }) => listener({ certificate: cert, privateKey: key })),
    removeIdentityCertificateListener: listener => void tellers.delete(listener),
  }
}
