import { describe, expect, it } from 'vitest'
import { parseAside } from '../../../../src/protocols/shared/json-aside.js'
import { JsonList } from '../../../../src/protocols/shared/json-list.js'

const STEPS = [(name: string) => name === 'in', 'each', (name: string) => name === 'data'] as const

/** Puts aside what a list is named `data` in the elements of `in`, however short the text. */
function aside(text: string): unknown {
  const bytes = Buffer.from(text)
  return parseAside({ bytes, text }, JSON.parse, { steps: STEPS, maxDigits: 40, largeBytes: 0 })
}

/** With every list that was put aside made after all. */
function made(value: unknown): unknown {
  if (value instanceof JsonList) return JSON.parse(value.bytes.toString())
  if (Array.isArray(value)) return value.map(made)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, made(member)]))
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
    expect(parsed).toEqual([text, text])
  })
})
