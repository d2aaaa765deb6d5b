import { describe, expect, it } from 'vitest'
import { parseWrapperSchema } from '../../../src/plugin/wrapper-schema.js'

const schema = (meta: object, rest: object = {}) => parseWrapperSchema(JSON.stringify({ meta, ...rest }))

describe('parseWrapperSchema', () => {
  it('reads names, types and routes', () => {
    const parsed = schema({
      serviceId: 'ocr',
      version: '1.0',
      route: ['/v1/private/ocr', 7, 'relative'],
      ocr: {
        input: { img: { dataType: 'image' } },
        accept: { result: { dataType: 'text' }, raw: { dataType: 'odd' } },
      },
    })
    expect(parsed).toMatchObject({ serviceId: 'ocr', version: '1.0', routes: ['/v1/private/ocr'] })
    expect([...parsed.inputs]).toEqual([['img', 'image']])
    expect([...parsed.outputs].map(([key, { type }]) => [key, type])).toEqual([
      ['result', 'text'],
      ['raw', 'other'],
    ])
  })

  it('takes the attributes of an output from its defaults, however they are spelled', () => {
    const properties = {
      encoding: { enum: ['utf8', 'gbk'], defaultVal: 'utf8' },
      format: { default: 'json' },
      compress: { enum: ['raw'] },
      sample_rate: { enum: [8000, 16000] },
    }
    const { outputs } = schema(
      { serviceId: 'a', a: { accept: { result: { dataType: 'text' } } } },
      { schemaoutput: { properties: { payload: { properties: { result: { properties } } } } } },
    )
    expect(outputs.get('result')?.attributes).toEqual({ encoding: 'utf8', format: 'json', compress: 'raw' })
  })

  it('makes do with what is missing', () => {
    expect(parseWrapperSchema('{}')).toMatchObject({ serviceId: '', routes: [], request: {}, response: {} })
  })

  it.each(['', '[]', '"text"', '{'])('refuses %j', text => expect(() => parseWrapperSchema(text)).toThrow())
})
