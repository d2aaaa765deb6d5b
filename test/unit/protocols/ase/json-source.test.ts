import { describe, expect, it } from 'vitest'
import { JsonSource } from '../../../../src/protocols/ase/json-source.js'

describe('JsonSource', () => {
  it.each([
    ['{"a": {"b":[1, 2 ]} }', ['a', 'b'], '[1, 2 ]'],
    ['  {"a":{"b": {"x":12345678901234567890}}}', ['a', 'b'], '{"x":12345678901234567890}'],
    ['{"x":"}]\\"{","a":{"c":true,"b":[{"q":"]"}]}}', ['a', 'b'], '[{"q":"]"}]'],
    ['{"a":1.50,"b":-2e3}', ['a'], '1.50'],
    ['{"a":1,"b":-2e3}', ['b'], '-2e3'],
    ['{"a":null ,"b":"x"}', ['a'], 'null'],
    ['{"\\u0061":[1],"b":{}}', ['a'], '[1]'],
    ['{"a":[1],"a":[2]}', ['a'], '[2]'],
    ['{"a":{}}', ['a'], '{}'],
  ])('finds in %s the text at %j', (text, path, expected) => {
    expect(new JsonSource(text).textOf(path)).toBe(expected)
  })

  it('takes time in proportion to the document, however many members are asked for', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `key${index}`)
    const source = new JsonSource(
      JSON.stringify({ p: Object.fromEntries(names.map(name => [name, { text: [name] }])) }),
    )
    const texts = names.map(name => source.textOf(['p', name, 'text']))
    expect(texts[19_999]).toBe('["key19999"]')
  })

  it('says which member is missing', () => {
    expect(() => new JsonSource('{"a":{}}').textOf(['a', 'b'])).toThrow("no member 'b'")
  })
})
