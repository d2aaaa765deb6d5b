import { timingSafeEqual } from 'node:crypto'
import { describe, expect, it, vi } from 'vitest'
import { Apps } from '../../../src/auth/apps.js'
import { bearerMatcher } from '../../../src/auth/bearer-token.js'
import { sign } from '../../helpers/signed-request.js'

vi.mock('node:crypto', async original => {
  const crypto = await original<{ timingSafeEqual: typeof timingSafeEqual }>()
  return { ...crypto, timingSafeEqual: vi.fn(crypto.timingSafeEqual) }
})

const compared = vi.mocked(timingSafeEqual)

const TOKENS = ['0123456789abcdef', 'another-token-of-it']
const apps = new Apps([
  { id: 'first', key: 'key-1', secret: 'secret-1', tokens: TOKENS },
  { id: 'second', key: 'key-2', secret: 'secret-2', tokens: ['fedcba9876543210'] },
])

/** How many secrets a guess was held against, and how many bytes each time. */
function comparisons(guess: () => unknown): readonly number[] {
  compared.mockClear()
  try {
    guess()
  } catch {
    // Whether it was right is not what this is about.
  }
  return compared.mock.calls.map(([given, known]) => {
    expect(given.byteLength).toBe(known.byteLength)
    return known.byteLength
  })
}

const LINE = { method: 'POST', host: 'localhost', path: '/v1/svcName' }
const request = (authorization: string, date?: string) => ({ ...LINE, authorization, date })

function signed(key: string, secret: string, change = (text: string) => text) {
  const { authorization, date } = sign({ key, secret }, LINE)
  const text = Buffer.from(authorization, 'base64').toString()
  return request(Buffer.from(change(text)).toString('base64'), date)
}

describe('how long a guess takes says nothing of', () => {
  it('tokens: right or wrong, it is held against all of them, and against each as a whole', () => {
    const guesses = ['0123456789abcdef', '0123456789abcdeX', 'X', 'x'.repeat(5000), 'fedcba9876543210']
    for (const guess of guesses) {
      expect([guess, comparisons(() => apps.identify(request(`Bearer ${guess}`)))]).toEqual([guess, [32, 32, 32]])
    }
  })

  it('keys and signatures: an unknown key is as much work as a wrong signature', () => {
    expect(apps.identify(signed('key-1', 'secret-1'))).toBe('first')
    const right = comparisons(() => apps.identify(signed('key-1', 'secret-1')))
    expect(right.length).toBeGreaterThan(2)
    const wrong = [
      signed('key-1', 'another-secret'),
      signed('key-of-nobody', 'secret-1'),
      signed('key-1', 'secret-1', text => text.replace(/signature=".*"/, 'signature="x"')),
    ]
    for (const guess of wrong) expect(comparisons(() => apps.identify(guess))).toEqual(right)
  })

  it("the admin API's token", () => {
    const matches = bearerMatcher('0123456789abcdef')
    for (const guess of ['Bearer 0123456789abcdef', 'Bearer 0', 'Basic x', undefined]) {
      expect(comparisons(() => matches(guess))).toEqual([32])
    }
  })
})
