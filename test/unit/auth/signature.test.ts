import { describe, expect, it } from 'vitest'
import { Apps } from '../../../src/auth/apps.js'
import type { Credentials } from '../../../src/auth/credentials.js'
import { sign } from '../../helpers/signed-request.js'

// The example of iFlytek's public documentation.
const PUBLISHED = {
  app: { id: 'demo', key: 'keyxxxxxxxx8ee279348519exxxxxxxx', secret: 'secretxxxxxxxx2df7900c09xxxxxxxx', tokens: [] },
  date: 'Wed, 10 Jul 2019 07:35:43 GMT',
  signature: 'Hp3Ty4ZkSBmL8jKyOLpQiv9Sr5nvmeYEH7WsL/ZO2Jg=',
}
const SIGNED_AT = Date.parse(PUBLISHED.date)
const parameters = (changed: Readonly<Record<string, string>> = {}) => {
  const all = {
    ...{ api_key: PUBLISHED.app.key, algorithm: 'hmac-sha256', headers: 'host date request-line' },
    ...{ signature: PUBLISHED.signature, ...changed },
  }
  return Object.entries(all)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')
}
const base64 = (text: string) => Buffer.from(text).toString('base64')
const request = (changed: Partial<Credentials> = {}): Credentials => ({
  authorization: base64(parameters()),
  date: PUBLISHED.date,
  host: 'iat-api.xfyun.cn',
  method: 'GET',
  path: '/v2/iat',
  ...changed,
})
const identify = (changed: Partial<Credentials> = {}, now = SIGNED_AT) =>
  new Apps([PUBLISHED.app], () => now).identify(request(changed))

describe('a signed request', () => {
  it('is taken as it stands in the published example', () => {
    expect(identify()).toBe('demo')
  })

  it.each([
    ['as plain text', parameters()],
    ['as plain text after the word hmac', `hmac ${parameters()}`],
    ['with the older name of the key', base64(parameters().replace('api_key', 'hmac username'))],
    ['in single quotes', base64(parameters().replaceAll('"', "'"))],
  ])('is taken %s', (_how, authorization) => {
    expect(identify({ authorization })).toBe('demo')
  })

  it.each([-300_000, 300_000])('is taken when the clocks differ by %d ms', skew => {
    expect(identify({}, SIGNED_AT + skew)).toBe('demo')
  })

  it.each([-301_000, 301_000])('is refused when the clocks differ by %d ms, which a replay later does, too', skew => {
    expect(() => identify({}, SIGNED_AT + skew)).toThrow(/^date: it is more than 300 s from /)
  })

  it.each<[string, Partial<Credentials>]>([
    ['another host', { host: 'iat-api.xfyun.com' }],
    ['another path', { path: '/v2/ist' }],
    ['another method', { method: 'POST' }],
    ['a date that is not the signed one', { date: 'Wed, 10 Jul 2019 07:35:44 GMT' }],
    ['a key of nobody', { authorization: base64(parameters({ api_key: 'somebody' })) }],
    [
      'a signature in another case',
      { authorization: base64(parameters({ signature: PUBLISHED.signature.toLowerCase() })) },
    ],
    ['half a signature', { authorization: base64(parameters({ signature: PUBLISHED.signature.slice(0, 20) })) }],
  ])('is refused with %s', (_what, changed) => {
    expect(() => identify(changed)).toThrow(/^api_key or signature are wrong/)
  })

  it.each<[string, Partial<Credentials>, RegExp]>([
    ['truncated base64', { authorization: base64(parameters()).slice(0, -3) }, /neither .* nor base64/],
    ['base64 of something else', { authorization: base64('hello') }, /^authorization: allowed are/],
    ['another algorithm', { authorization: base64(parameters({ algorithm: 'hmac-sha1' })) }, /algorithm must be/],
    ['fewer signed headers', { authorization: base64(parameters({ headers: 'date' })) }, /headers must be/],
    ['no date', { date: undefined }, /needs "date"/],
    ['a date in another form', { date: '2019-07-10T07:35:43Z' }, /needs "date"/],
    ['no host', { host: undefined }, /needs "host"/],
    ['nothing', { authorization: undefined }, /^send "Authorization/],
  ])('is refused with %s, which the message says', (_what, changed, message) => {
    expect(() => identify(changed)).toThrow(message)
  })

  it('gives nothing of the secret or of what was sent away', () => {
    const failures = [{ host: 'x' }, { authorization: base64(parameters({ api_key: 'x' })) }, { authorization: 'abc=' }]
    const messages = failures.map(changed => {
      try {
        return identify(changed)
      } catch (error) {
        return String(error)
      }
    })
    for (const message of messages) {
      expect(message).not.toContain(PUBLISHED.app.secret)
      expect(message).not.toContain(PUBLISHED.signature)
    }
  })

  it.each([
    ['a name', `"${'a'.repeat(16_000)}`],
    ['blanks behind a name', `"${'a'.repeat(8000)}${' '.repeat(8000)}`],
    ['names', `"${'a '.repeat(8000)}`],
    ['values without end', `${`a="`.repeat(5000)}'`],
  ])('is refused within milliseconds when it has %s of any length', (_what, authorization) => {
    const before = process.cpuUsage()
    expect(() => identify({ authorization })).toThrow('authorization: allowed are')
    expect(process.cpuUsage(before).user).toBeLessThan(100_000)
  })

  it('may have its path signed as it stands on the line or decoded', () => {
    const app = { key: PUBLISHED.app.key, secret: PUBLISHED.app.secret }
    const line = { method: 'POST', host: 'x', date: new Date(SIGNED_AT) }
    for (const path of ['/v1/%E6%95%B0', '/v1/数']) {
      expect(identify({ ...sign(app, { ...line, path }), method: 'POST', path: '/v1/%E6%95%B0' })).toBe('demo')
    }
  })
})
