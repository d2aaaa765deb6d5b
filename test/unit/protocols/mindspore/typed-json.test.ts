import { parse } from 'lossless-json'
import { describe, expect, it } from 'vitest'
import { parseTypedJson } from '../../../../src/protocols/mindspore/typed-json.js'

describe('parseTypedJson', () => {
  it.each([
    ['1', 1n],
    ['-0', 0n],
    ['1.0', 1],
    ['1e0', 1],
    ['-1.5E+2', -150],
    ['9223372036854775807', 9223372036854775807n],
    ['{"a":[1,2.0,true,null,"x"]}', { a: [1n, 2, true, null, 'x'] }],
  ])('reads %s', (text, expected) => {
    expect(parseTypedJson(text)).toEqual(expected)
  })

  it('reads long texts in base64, and quotation marks and backslashes around them', () => {
    const long = 'aGVsbG8='.repeat(1000)
    const value = { 'a"\\': '\\"', b: [long, 'short', `${long}"`], c: { b64: long } }
    expect(parseTypedJson(JSON.stringify(value))).toEqual(value)
  })

  it.each(['A', 'é ', '\\n"😀', '\ud800'])('reads long texts of %j as JSON.parse does, as names, too', letters => {
    const long = letters.repeat(2000)
    const text = JSON.stringify({ [long]: long, list: [long, [{ [`${long}!`]: 'short' }]] }, null, 1)
    expect(parseTypedJson(text)).toEqual(JSON.parse(text))
  })

  it('does not read a picture letter by letter', () => {
    const text = JSON.stringify({ b64: 'A'.repeat(4_000_000) })
    const timeOf = (work: (text: string) => unknown) => {
      const begun = performance.now()
      work(text)
      return performance.now() - begun
    }
    expect(timeOf(parseTypedJson)).toBeLessThan(timeOf(letters => parse(letters)) / 3)
  })

  it.each([
    '',
    '{',
    '{"a":}',
    '[1,]',
    "{'a':1}",
    '{"a":1} x',
    '01',
    '1.',
    'NaN',
    '"a',
    `"${'A'.repeat(2000)}`,
    `"${'é '.repeat(2000)}\n"`,
    `"${'é '.repeat(2000)}\\x"`,
    `{"${'A'.repeat(2000)}"}`,
    '{"a":1,"a":2}',
    '['.repeat(200_000),
    '1'.repeat(100_000),
  ])('refuses %.20s', text => {
    expect(() => parseTypedJson(text)).toThrow(expect.objectContaining({ reason: 'body_not_json' }))
  })
})
