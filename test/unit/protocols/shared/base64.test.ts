import { describe, expect, it } from 'vitest'
import { decodeBase64 } from '../../../../src/protocols/shared/base64.js'

describe('decodeBase64', () => {
  it.each([
    ['', ''],
    ['aGVsbG8=', 'hello'],
    ['aGVsbG8h', 'hello!'],
    ['aGVsbA==', 'hell'],
    ['aGVs\r\nbG8=\n', 'hello'],
    ['aGVsbG9=', 'hello'],
  ])('decodes %j', (text, expected) => {
    expect(decodeBase64(text, 'payload.a.text').toString()).toBe(expected)
  })

  it.each([
    ['@@@', 0],
    ['aGVs bG8=', 4],
    ['aGVsbG8', 7],
    ['aGVsb', 5],
    ['aGV=sbG8', 4],
    ['aGVsbG8=x', 8],
    ['aGVsbA=', 7],
    ['a===', 1],
    ['====', 0],
    ['aGVsbG8==', 8],
    ['a-_s', 1],
    ['aGVŁ', 3],
  ])('refuses %j and says where', (text, at) => {
    expect(() => decodeBase64(text, 'payload.a.text')).toThrow(
      expect.objectContaining({
        reason: 'payload_undecodable',
        message: `payload.a.text: illegal base64 data at input byte ${at}`,
      }),
    )
  })

  it('keeps every byte of binary data', () => {
    const bytes = Buffer.from(Array.from({ length: 1021 }, (_, index) => (index * 7) % 256))
    expect(decodeBase64(bytes.toString('base64'), '')).toEqual(bytes)
  })
})
