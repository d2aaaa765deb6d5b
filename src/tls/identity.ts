import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createSecureContext } from 'node:tls'
import { ServiceError } from '../core/error.js'

/** Where the files of `[tls]` are. */
export interface TlsPaths {
  /** Certificate, with those between it and its authority after it; PEM. */
  readonly cert: string
  /** Its private key, PEM, without a passphrase. */
  readonly key: string
  /** Authorities whose clients alone are let in, PEM; undefined: clients need no certificate. */
  readonly clientCa?: string
}

/** What a server shows, and whom it lets in; PEM. */
export interface TlsIdentity {
  readonly cert: Buffer
  readonly key: Buffer
  readonly clientCa?: Buffer
}

/** Oldest version of the protocol that is spoken. */
export const MIN_TLS_VERSION = 'TLSv1.2'

/** How long a client may take to agree on the encryption, in ms. */
export const TLS_HANDSHAKE_TIMEOUT_MS = 10_000

/**
 * Reads the files and checks that they fit together and count today.
 * @throws ServiceError `misconfigured` with the key, the file and what is wrong with it
 */
export function readIdentity(paths: TlsPaths, now = new Date()): TlsIdentity {
  const cert = read('cert', paths.cert)
  const key = read('key', paths.key)
  const [leaf] = parseCertificates('cert', paths.cert, cert, now)
  const privateKey = parseKey(paths.key, key)
  if (!leaf?.checkPrivateKey(privateKey)) {
    throw wrong('key', paths.key, `it is not the key of the certificate in ${paths.cert}`)
  }
  const clientCa = paths.clientCa === undefined ? undefined : read('clientCa', paths.clientCa)
  if (clientCa !== undefined) parseCertificates('clientCa', paths.clientCa ?? '', clientCa, now)
  try {
    createSecureContext({ cert, key, ca: clientCa })
  } catch (cause) {
    throw wrong('cert', paths.cert, `it cannot be used: ${(cause as Error).message}`, cause)
  }
  return { cert, key, ...(clientCa && { clientCa }) }
}

function read(name: keyof TlsPaths, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    throw wrong(name, path, code === 'ENOENT' ? 'there is no such file' : `it cannot be read: ${message}`, cause)
  }
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

function parseCertificates(name: keyof TlsPaths, path: string, pem: Buffer, now: Date): X509Certificate[] {
  const blocks = pem.toString('latin1').match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw wrong(name, path, 'it holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)')
  return blocks.map(block => {
    const certificate = parseCertificate(name, path, block)
    const { validFrom, validTo } = certificate
    if (new Date(validTo) < now) throw wrong(name, path, `a certificate in it expired on ${validTo}`)
    if (new Date(validFrom) > now) throw wrong(name, path, `a certificate in it counts only from ${validFrom} on`)
    return certificate
  })
}

function parseCertificate(name: keyof TlsPaths, path: string, block: string): X509Certificate {
  try {
    return new X509Certificate(block)
  } catch (cause) {
    throw wrong(name, path, 'a certificate in it is damaged', cause)
  }
}

function parseKey(path: string, pem: Buffer): KeyObject {
  try {
    return createPrivateKey(pem)
  } catch (cause) {
    const locked = (cause as NodeJS.ErrnoException).code === 'ERR_MISSING_PASSPHRASE'
    const why = locked ? 'it needs a passphrase; give the key without one' : 'it holds no private key in PEM form'
    throw wrong('key', path, why, cause)
  }
}

function wrong(name: keyof TlsPaths, path: string, why: string, cause?: unknown): ServiceError {
  return new ServiceError('misconfigured', `[tls] ${name}: ${path}: ${why}`, { cause })
}
