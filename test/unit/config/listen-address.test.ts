import { expect, test } from 'vitest'
import { parseListenAddress } from '../../../src/config/listen-address.js'

test.each([
  ['127.0.0.1:1888', { host: '127.0.0.1', port: 1888 }],
  [' localhost:0 ', { host: 'localhost', port: 0 }],
  ['[::1]:80', { host: '::1', port: 80 }],
  ['0.0.0.0:65535', { host: '0.0.0.0', port: 65535 }],
  ['1888', undefined],
  ['host:', undefined],
  ['host:65536', undefined],
  ['::1:80', undefined],
  ['[zz]:80', undefined],
  ['http://host:80', undefined],
])('reads %j', (text, address) => {
  expect(parseListenAddress(text)).toEqual(address)
})

test('a port alone means all addresses', () => {
  expect(parseListenAddress(':1888')).toEqual({ host: expect.stringMatching(/^(::|0\.0\.0\.0)$/), port: 1888 })
})
