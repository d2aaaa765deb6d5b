import { describe, expect, it } from 'vitest'
import { parseTypedJson } from '../../../../src/protocols/mindspore/typed-json.js'
import { parseAside } from '../../../../src/protocols/shared/json-aside.js'
import { JsonList } from '../../../../src/protocols/shared/json-list.js'

const STEPS = [(name: string) => name === 'in', 'each', (name: string) => name === 'data'] as const

/** Puts aside what a list is named `data` in the elements of `in`, however short the text. */
function aside(text: string): unknown {
  const bytes = Buffer.from(text)
  return parseAside({ bytes, text }, JSON.parse, { steps: STEPS, maxDigits: 40, largeBytes: 0 })
}

/** With every list that was put aside made after all. */
function made(value: unknown, parse: (text: string) => unknown = JSON.parse): unknown {
  if (value instanceof JsonList) return parse(value.bytes.toString())
  if (Array.isArray(value)) return value.map(element => made(element, parse))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, made(member, parse)]))
}

const thrownBy = (parse: () => unknown): string => {
  try {
    parse()
    return 'nothing'
  } catch (error) {
    return (error as Error).message
  }
}

describe('parseAside', () => {
  it('leaves the lists unread that the steps lead to, and no other', () => {
    expect(aside('{"id":[1],"in":[{"data":[[1,2],[3,4]],"shape":[2,2]},{"name":"é","data":"x"}]}')).toEqual({
      id: [1],
      in: [
        { data: expect.any(JsonList), shape: [2, 2] },
        { name: 'é', data: 'x' },
      ],
    })
    expect(aside('{"in":{"data":[]}}')).toEqual({ in: { data: expect.any(JsonList) } })
  })

  it.each([
    '[1,2]',
    '"in"',
    '{}',
    '{"in":[]}',
    ' { "in" : [ { "data" : [ 1 , 2 ] , "more" : [ 3 ] } ] } ',
    '{"in":[{"name":"x","data":[1]},{"name":"y","data":[2]}],"in2":{"data":[3]}}',
    '{"in":[{"data":[1],"data":[2]}]}',
    '{"in":[{"data":[1],"data":"last"}]}',
    '{"in":[{"data":[1]}],"in":[{"data":[2]},5]}',
    '{"in":[{"data":[1]}],"in":7}',
    '{"a":"\\"\\\\","in":[{"b":"\\\\","data":[1],"c":"\\\\\\"[,"}]}',
    '{"\\u0069n":[{"d\\u0061ta":["\\"]","\\ud83d\\ude00",{"data":[1]},null,true,false,-0.5e+3]}]}',
    '{"in":[{"data":[[],[]]},{"data":[[[1]],2]}]}',
  ])('makes of %s what JSON.parse does', text => {
    expect(made(aside(text))).toEqual(JSON.parse(text))
  })

  const long = `${'12,'.repeat(2000)}3`
  it.each([
    '',
    '{',
    '{"in":[{"data":[1,]}]}',
    '{"in":[{"data":[01]}]}',
    '{"in":[{"data":[1.]}]}',
    '{"in":[{"data":[-]}]}',
    '{"in":[{"data":[1e]}]}',
    '{"in":[{"data":[nul]}]}',
    '{"in":[{"data":["\\x"]}]}',
    '{"in":[{"data":["\\u12g4"]}]}',
    '{"in":[{"data":["\n"]}]}',
    '{"in":[{"data":[{"a" 1}]}]}',
    '{"in":[{"data":[{"a":1,}]}]}',
    '{"in":[{"data":[1}]}',
    '{"in":[{"data":[1',
    '{"in":[{"a":"\n","data":[1]}]}',
    '{"in":[{"data":[1],"a":"',
    '{"in":[{"data":[1]]}',
    '{"in":[{"data":[1]} {}]}',
    '{"in":[{"data":[1]}]} x',
    `{"in":[{"data":[${long},}]}]}`,
    `{"in":[{"data":[${long}]}],"é":[${long}],"x":}`,
    `{"in":[{"data":["é",${long}]},{"data":[[${long}],[${long},[}]]]}]}`,
  ])('refuses %.50s in the same words as JSON.parse', text => {
    expect(thrownBy(() => aside(text))).toBe(thrownBy(() => JSON.parse(text)))
  })

  it('reads a small text as it is', () => {
    const text = '{"in":[{"data":[1]}]}'
    const options = { steps: STEPS, maxDigits: 40 }
    expect(parseAside({ bytes: Buffer.from(text), text }, JSON.parse, options)).toEqual(JSON.parse(text))
  })

  it('leaves a list to the parser that has a whole number of more digits than allowed', () => {
    const text = `{"in":[{"data":[1,${'1'.repeat(41)}]}]}`
    const parsed: string[] = []
    const refuse = (given: string) => {
      parsed.push(given)
      throw new SyntaxError('refused')
    }
    const options = { steps: STEPS, maxDigits: 40, largeBytes: 0 }
    expect(() => parseAside({ bytes: Buffer.from(text), text }, refuse, options)).toThrow('refused')
    expect(parsed).toEqual([text])
  })
})

/** The same documents in every run. */
function documents(seed: number) {
  let state = seed
  const random = (end: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * end)
  }
  const pick = <T>(values: readonly T[]) => values[random(values.length)] as T
  const some = (make: () => string) => Array.from({ length: random(4) }, make).join(pick([',', ' , ', ',\n']))
  const names = ['in', '\\u0069n', 'data', 'data', 'x', '__proto__']
  const scalars = [
    '1',
    '-0',
    '2.50',
    '1e2',
    '12345678901234567',
    'true',
    'null',
    '"a"',
    '"[\\"\\\\"',
    '"\\ud83dé😀"',
    '01',
    '"\n"',
  ]
  const value = (depth: number): string => {
    const kind = depth === 0 ? 0 : random(6)
    if (kind === 0) return pick(scalars)
    if (kind === 1) return `[${Array.from({ length: random(60) }, () => random(1000))}]`
    if (kind <= 3) return `[${some(() => value(depth - 1))}]`
    return `{${some(() => `"${pick(names)}" :${value(depth - 1)}`)}}`
  }
  const document = () =>
    `{"in":[${some(() => `{"data":${value(3)},"${pick(names)}":${value(2)},"y":${value(1)}}`)}],"z":${value(2)}}`
  const parts = ['"', '\\', '[', ']', '{', '}', ',', ':', '1', '-', '\u0000', 'é', ' ', '"data":[1],']
  const broken = (text: string) => {
    const at = random(text.length)
    return text.slice(0, at) + pick(parts) + text.slice(at + random(3))
  }
  return () => (random(3) === 0 ? broken(document()) : document())
}

describe('parseAside with documents at random', () => {
  it.each([
    ['JSON.parse', JSON.parse],
    ['parseTypedJson', parseTypedJson],
  ])('takes and refuses what %s does, in the same words', (_name, parse) => {
    const document = documents(1)
    let refused = 0
    for (let count = 0; count < 1500; count++) {
      const text = document()
      const options = { steps: STEPS, maxDigits: 40, largeBytes: 0 }
      const put = (value: unknown) => made(value, parse)
      const error = thrownBy(() => parse(text))
      if (error !== 'nothing') refused++
      expect(
        thrownBy(() => parseAside({ bytes: Buffer.from(text), text }, parse, options)),
        text,
      ).toBe(error)
      if (error !== 'nothing') continue
      expect(put(parseAside({ bytes: Buffer.from(text), text }, parse, options)), text).toEqual(put(parse(text)))
    }
    expect(refused).toBeGreaterThan(150)
    expect(refused).toBeLessThan(1350)
  })
})
