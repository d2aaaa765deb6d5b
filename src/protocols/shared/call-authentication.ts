import type { Metadata } from '@grpc/grpc-js'
import type { Authenticator } from '../../auth/apps.js'

/** A call over gRPC, as far as it says whose it is. */
export interface IdentifiableCall {
  readonly metadata: Metadata
  getPath(): string
  getHost(): string
}

/**
 * The app that a call is from: its metadata has what HTTP has in headers, and a signature is that of
 * `POST /<package>.<service>/<method> HTTP/1.1`.
 * @param authenticator undefined: clients do not have to say
 * @throws ServiceError `unauthenticated`
 */
export function appOfCall(
  authenticator: Pick<Authenticator, 'identify'> | undefined,
  call: IdentifiableCall,
): string | undefined {
  const of = (name: string) => call.metadata.get(name)[0]?.toString()
  return authenticator?.identify({
    authorization: of('authorization'),
    date: of('date'),
    host: of('host') ?? call.getHost(),
    method: 'POST',
    path: call.getPath(),
  })
}
