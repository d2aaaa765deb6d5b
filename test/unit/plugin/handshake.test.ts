import { describe, expect, it } from 'vitest'
import { parseHandshake } from '../../../src/plugin/handshake.js'

const parse = (line: string) => parseHandshake(line, [1, 2])

describe('parseHandshake', () => {
  it('reads TCP and Unix addresses', () => {
    expect(parse('1|1|tcp|127.0.0.1:50055|grpc')).toEqual({
      protocol: 1,
      address: { network: 'tcp', host: '127.0.0.1', port: 50055 },
    })
    expect(parse('1|2|unix|/tmp/plugin123|grpc\r')).toEqual({
      protocol: 2,
      address: { network: 'unix', path: '/tmp/plugin123' },
    })
    expect(parse('1|1|tcp|[::1]:1234|grpc')?.address).toEqual({ network: 'tcp', host: '::1', port: 1234 })
  })

  it('keeps the certificate of a plugin that wants TLS, and passes over the fields behind it', () => {
    expect(parse('1|1|tcp|127.0.0.1:1|grpc|MIIB')).toMatchObject({ serverCertificate: 'MIIB' })
    expect(parse('1|1|tcp|127.0.0.1:1|grpc||false')).not.toHaveProperty('serverCertificate')
  })

  it.each(['', 'hello', 'loading | 3 | files', '1.0|2', 'INFO 1|1|tcp', '| 1|1|'])(
    'takes %j for ordinary output',
    line => expect(parse(line)).toBeUndefined(),
  )

  it.each([
    ['2|1|tcp|127.0.0.1:1|grpc', 'core protocol version is 2'],
    ['1|3|tcp|127.0.0.1:1|grpc', 'chose protocol 3, but 1 and 2 was offered'],
    ['1|1|tcp|127.0.0.1:1|netrpc', "speaks 'netrpc'"],
    ['1|1|tcp|127.0.0.1:1', "speaks 'nothing'"],
    ['1|1|tcp|127.0.0.1|grpc', 'not a HOST:PORT'],
    ['1|1|tcp|127.0.0.1:70000|grpc', 'not a HOST:PORT'],
    ['1|1|udp|127.0.0.1:1|grpc', 'neither tcp nor unix'],
    ['1|1|unix|relative|grpc', 'cannot be used'],
    ['1|1|unix|/tmp/a#b|grpc', 'cannot be used'],
    [`1|1|unix|/${'a'.repeat(107)}|grpc`, 'at most 107'],
  ])('refuses %j and says why', (line, why) => expect(() => parse(line)).toThrow(why))
})
