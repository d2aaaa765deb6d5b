import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { readIdentity, type TlsPaths } from '../../../src/tls/identity.js'
import { createServerIdentity } from '../../../src/tls/server-identity.js'
import { type Certificate, makeCertificate, writeCertificate } from '../../helpers/certificates.js'
import { temporaryFolder } from '../config/config-file.js'

let first: Certificate
let second: Certificate

beforeAll(async () => {
  first = await makeCertificate()
  second = await makeCertificate()
})

/** Paths of a good certificate, one of which a test spoils. */
function filesWith(change: (paths: Required<TlsPaths>) => void): Required<TlsPaths> {
  const folder = temporaryFolder()
  const paths = { ...writeCertificate(folder, first), clientCa: join(folder, 'ca.pem') }
  writeFileSync(paths.clientCa, second.cert)
  change(paths)
  return paths
}

describe('files that cannot be used are named, with what is wrong', () => {
  it.each<[string, (paths: Required<TlsPaths>) => void, RegExp]>([
    ['no file', p => Object.assign(p, { cert: `${p.cert}x` }), /^\[tls\] cert: \/.*pemx: there is no such file$/],
    ['a folder', p => Object.assign(p, { key: join(p.key, '..') }), /^\[tls\] key: .*: it cannot be read: EISDIR/],
    ['no certificate', p => writeFileSync(p.cert, 'hello'), /server\.pem: it holds no certificate in PEM form/],
    [
      'half a certificate',
      p => writeFileSync(p.cert, halfOf(first.cert)),
      /server\.pem: a certificate in it is damaged/,
    ],
    ['no key', p => writeFileSync(p.key, first.cert), /server\.key: it holds no private key in PEM form/],
    ['the key of another', p => writeFileSync(p.key, second.key), /server\.key: it is not the key of the certificate/],
    ['no authority', p => writeFileSync(p.clientCa, ''), /^\[tls\] clientCa: .*ca\.pem: it holds no certificate/],
  ])('%s', (_what, spoil, message) => {
    const paths = filesWith(spoil)
    expect(() => readIdentity(paths)).toThrow(message)
    expect(() => readIdentity(paths)).toThrow(expect.objectContaining({ reason: 'misconfigured' }))
  })

  it('an expired certificate, and one that does not count yet', () => {
    const paths = filesWith(() => {})
    expect(() => readIdentity(paths, new Date(Date.now() + 2 * 86_400_000))).toThrow(/server\.pem: .* expired on/)
    expect(() => readIdentity(paths, new Date(Date.now() - 86_400_000))).toThrow(/server\.pem: .* counts only from/)
  })
})

/** A PEM block with the first half of the certificate. */
function halfOf(pem: string): string {
  const lines = pem.trim().split('\n')
  return [...lines.slice(0, lines.length / 2), lines.at(-1)].join('\n')
}

it('an identity stays what it was while its files do not fit together', () => {
  const folder = temporaryFolder()
  const paths = writeCertificate(folder, first)
  const identity = createServerIdentity(paths)
  const seen: string[] = []
  identity.onChange(({ cert }) => seen.push(String(cert)))
  writeFileSync(paths.cert, second.cert)
  expect(() => identity.reload()).toThrow(/it is not the key of/)
  expect(String(identity.current.cert)).toBe(first.cert)
  writeFileSync(paths.key, second.key)
  identity.reload()
  expect(seen).toEqual([second.cert])
})
