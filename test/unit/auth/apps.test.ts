import { describe, expect, it } from 'vitest'
import { type AppOptions, Apps } from '../../../src/auth/apps.js'
import { TokenBucket } from '../../../src/auth/token-bucket.js'

const TOKEN = 'a-token-of-the-first'
const app = (changed: Partial<AppOptions> = {}): AppOptions => ({ id: 'first', tokens: [TOKEN], ...changed })
const bearer = (authorization: string) => {
  return { authorization, date: undefined, host: 'x', method: 'POST', path: '/v1/svcName' }
}

describe('a token', () => {
  const apps = new Apps([app(), app({ id: 'second', tokens: ['a-token-of-the-second', 'another-of-the-second'] })])

  it.each([
    [`Bearer ${TOKEN}`, 'first'],
    [`bearer ${TOKEN}`, 'first'],
    ['Bearer another-of-the-second', 'second'],
  ])('%s is that of %s', (authorization, id) => {
    expect(apps.identify(bearer(authorization))).toBe(id)
  })

  it.each([
    `Bearer ${TOKEN.toUpperCase()}`,
    `Bearer ${TOKEN.slice(0, -1)}`,
    `Bearer ${TOKEN}x`,
    'Bearer undefined',
    `Basic ${TOKEN}`,
    TOKEN,
    '',
  ])('%j is that of nobody', authorization => {
    expect(() => apps.identify(bearer(authorization))).toThrow(expect.objectContaining({ reason: 'unauthenticated' }))
  })

  it('is worth nothing once its app is gone, and neither is what it opened', () => {
    const changing = new Apps([app()])
    changing.replace([app({ id: 'second', tokens: ['a-token-of-the-second'] })])
    expect(() => changing.identify(bearer(`Bearer ${TOKEN}`))).toThrow(/no app has this token/)
    expect(() => changing.admit('first')).toThrow(/no app first any more/)
  })
})

describe('models', () => {
  it('are all allowed unless the app names some', () => {
    const apps = new Apps([app(), app({ id: 'second', models: ['digits'] })])
    expect(() => apps.authorize('first', 'speech')).not.toThrow()
    expect(() => apps.authorize('second', 'digits')).not.toThrow()
    expect(() => apps.authorize('second', 'speech')).toThrow('the app second may not use speech')
  })
})

describe('a rate', () => {
  it('lets as many requests through at once as the burst says, then one whenever its time has come', () => {
    let now = 0
    const bucket = new TokenBucket(2, 3, () => now)
    const taken = () => [bucket.take(), bucket.take(), bucket.take(), bucket.take()].filter(Boolean).length
    expect(taken()).toBe(3)
    now = 499
    expect(bucket.take()).toBe(false)
    now = 500
    expect(taken()).toBe(1)
    now = 60_000
    expect(taken()).toBe(3)
  })

  it('is that of each app alone', () => {
    const apps = new Apps([app({ rateLimit: 1 }), app({ id: 'second', rateLimit: 1 })])
    apps.admit('first')
    expect(() => apps.admit('first')).toThrow(expect.objectContaining({ reason: 'rate_limited' }))
    expect(() => apps.admit('second')).not.toThrow()
  })
})

describe('what an app has in flight', () => {
  const limited = { reason: 'rate_limited', message: 'the app first has 2 requests and sessions in flight already' }

  it('is limited for each app alone, until something has ended', () => {
    const apps = new Apps([app({ maxInFlight: 2 }), app({ id: 'second', maxInFlight: 2 })])
    const [ended] = [apps.admit('first'), apps.admit('first')]
    expect(() => apps.admit('first')).toThrow(expect.objectContaining(limited))
    expect(() => apps.admit('second')).not.toThrow()
    ended()
    ended()
    expect(() => apps.admit('first')).not.toThrow()
    expect(() => apps.admit('first')).toThrow(expect.objectContaining(limited))
  })

  it('takes nothing of its rate when it is too much', () => {
    const apps = new Apps([app({ maxInFlight: 1, rateLimit: 2 })])
    const ended = apps.admit('first')
    for (let times = 0; times < 5; times += 1) expect(() => apps.admit('first')).toThrow(/in flight/)
    ended()
    expect(() => apps.admit('first')).not.toThrow()
  })

  it('is remembered when the apps are read again', () => {
    const apps = new Apps([app()])
    const ends = [apps.admit('first'), apps.admit('first')]
    apps.replace([app({ maxInFlight: 2 })])
    expect(() => apps.admit('first')).toThrow(expect.objectContaining(limited))
    for (const ended of ends) ended()
    expect(() => apps.admit('first')).not.toThrow()
  })
})
