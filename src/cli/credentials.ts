import { readFileSync } from 'node:fs'
import { usageError } from './exit-codes.js'

/** Who sends a request, to a daemon with `[auth] enabled`. */
export interface Credentials {
  /** `--app`: id of the app, which ASE wants in `header.app_id`. */
  readonly app?: string
  /** `--token`; default: AISERVICE_TOKEN in the environment, which other users of the machine cannot see. */
  readonly token?: string
  /** `--cert` and `--key`: PEM files of what the client shows, to a daemon with `[tls] clientCa`. */
  readonly cert?: string
  readonly key?: string
  /** `--ca`: PEM file of the authorities that the daemon's certificate may be of. Default: those of the system. */
  readonly ca?: string
}

/** The files of an encrypted connection, as Node takes them. */
export interface ClientIdentity {
  readonly cert?: Buffer
  readonly key?: Buffer
  readonly ca?: Buffer
}

/** @throws CommandError when a file cannot be read, or one of the pair is missing */
export function clientIdentity({ cert, key, ca }: Credentials): ClientIdentity {
  if ((cert === undefined) !== (key === undefined)) throw usageError('--cert and --key need each other')
  return {
    ...(cert !== undefined && { cert: readPem('--cert', cert) }),
    ...(key !== undefined && { key: readPem('--key', key) }),
    ...(ca !== undefined && { ca: readPem('--ca', ca) }),
  }
}

function readPem(option: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw usageError(`${option}: ${(cause as Error).message}`)
  }
}

/** What goes into the header of a request and into that of the first frame of a session. */
export function appHeader({ app }: Credentials): object {
  return app === undefined ? {} : { app_id: app }
}

/** What goes into the head of an HTTP request. */
export function authorization(
  { token }: Credentials,
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const sent = token ?? env['AISERVICE_TOKEN']
  return sent ? { authorization: `Bearer ${sent}` } : {}
}
