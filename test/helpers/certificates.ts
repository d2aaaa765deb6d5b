import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generate } from 'selfsigned'

export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface CertificateOptions {
  readonly name?: string
  /** Default: it signs itself. */
  readonly authority?: Certificate
  readonly notBefore?: Date
  readonly notAfter?: Date
}

/** Makes a certificate for localhost and 127.0.0.1 that is an authority as well. */
export async function makeCertificate(options: CertificateOptions = {}): Promise<Certificate> {
  const { name = 'localhost', authority, notBefore, notAfter } = options
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    ...{ keyType: 'ec', curve: 'P-256', algorithm: 'sha256' },
    notBeforeDate: notBefore ?? new Date(Date.now() - 60_000),
    notAfterDate: notAfter ?? new Date(Date.now() + 86_400_000),
    ...(authority && { ca: { cert: authority.cert, key: authority.key } }),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', clientAuth: true, serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  })
  return { cert, key }
}

/** Writes a certificate and its key. @returns their paths */
export function writeCertificate(folder: string, { cert, key }: Certificate): { cert: string; key: string } {
  const paths = { cert: join(folder, 'server.pem'), key: join(folder, 'server.key') }
  writeFileSync(paths.cert, cert)
  writeFileSync(paths.key, key)
  return paths
}
