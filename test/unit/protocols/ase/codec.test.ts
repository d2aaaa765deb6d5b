import { describe, expect, it } from 'vitest'
import { Status } from '../../../../src/core/payload.js'
import {
  decodeParameters,
  decodePayloads,
  encodeResult,
  parseBody,
  plainOrBase64,
} from '../../../../src/protocols/ase/codec.js'
import { resultOf } from '../shared/fake-inference.js'

const body = (json: unknown) => parseBody(Buffer.from(JSON.stringify(json)))
const payloads = (payload: unknown) => decodePayloads(body({ payload }))
const parameters = (json: unknown, headerPass: string[] = []) =>
  decodeParameters(body(json), { addressed: ['mnist', 'svcName'], headerPass, sid: 'S' })
const failure = (reason: string, text: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(text) })

describe('parseBody', () => {
  it.each([
    ['{"header":', 'JSON'],
    ['', 'JSON'],
    ['[1]', 'object'],
    ['null', 'object'],
    ['"x"', 'object'],
    ['\uFEFF{}', 'JSON'],
  ])('refuses %j', (text, part) => {
    expect(() => parseBody(Buffer.from(text))).toThrow(failure('body_not_json', part))
  })

  it('refuses a request without a body', () => {
    expect(() => parseBody(undefined)).toThrow(failure('body_not_json', 'JSON'))
  })

  it.each([
    ['a byte of another charset', [0xca]],
    ['a character that is cut off', [0xe8, 0xaf]],
    ['a surrogate', [0xed, 0xa0, 0x80]],
    ['an overlong slash', [0xc0, 0xaf]],
  ])('refuses a string with %s instead of changing it', (_name, bytes) => {
    const text = Buffer.concat([Buffer.from('{"header":{"uid":"'), Buffer.from(bytes), Buffer.from('"}}')])
    expect(() => parseBody(text)).toThrow(failure('body_not_json', 'UTF-8'))
  })

  it.each(['header', 'parameter', 'payload'])('refuses a %s that is no object', section => {
    expect(() => body({ [section]: [] })).toThrow(failure('schema_violation', `${section}: must be object`))
  })
})

describe('decodePayloads', () => {
  it('makes data, type, status and attributes of an entry', () => {
    const [payload] = payloads({
      a: { encoding: 'raw', sample_rate: 16000, status: 2, seq: 1, x: null, audio: 'AAEC' },
    })
    expect(payload).toEqual({
      key: 'a',
      type: 'audio',
      status: Status.end,
      attributes: { encoding: 'raw', sample_rate: '16000', status: '2', seq: '1' },
      data: Buffer.from([0, 1, 2]),
    })
  })

  it('takes a payload without status as a whole', () => {
    expect(payloads({ a: { other: 'AA==' } })[0]?.status).toBe(Status.once)
  })

  it('hands structured data over as the sender wrote it, as utf8 whatever it claims', () => {
    const text = '{"payload":{"a":{"encoding":"gbk","text":{"id": 12345678901234567890}}}}'
    const [payload] = decodePayloads(parseBody(Buffer.from(text)))
    expect(Buffer.from(payload?.data ?? []).toString()).toBe('{"id": 12345678901234567890}')
    expect(payload?.attributes).toEqual({ encoding: 'utf8', compress: 'raw' })
  })

  it.each([
    [{}, 'input_missing', ''],
    [undefined, 'input_missing', ''],
    [{ a: { encoding: 'raw' } }, 'input_missing', 'payload.a'],
    [{ a: { image: null } }, 'input_missing', 'payload.a'],
    [{ a: 'AAEC' }, 'payload_undecodable', 'payload.a: must be an object'],
    [{ a: { image: 5 } }, 'payload_undecodable', 'payload.a.image'],
    [{ a: { image: true } }, 'payload_undecodable', 'payload.a.image'],
    [{ a: { image: '@@' } }, 'payload_undecodable', 'payload.a.image: illegal base64 data at input byte 0'],
    [{ a: { image: '', text: '' } }, 'payload_undecodable', 'both image and text'],
    [{ a: { image: '', status: 7 } }, 'schema_violation', 'payload.a.status'],
  ])('answers %j with %s', (payload, reason, text) => {
    expect(() => payloads(payload)).toThrow(failure(reason, text))
  })

  it('refuses an attribute that is nested too deeply to be written again', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    const text = `{"payload":{"a":{"image":"","x":${deep}}}}`
    expect(() => decodePayloads(parseBody(Buffer.from(text)))).toThrow(
      failure('body_not_json', 'nested deeper than 256'),
    )
  })
})

describe('decodeParameters', () => {
  it('turns scalars to strings, leaves null out and adds the sid', () => {
    const json = {
      parameter: { svcName: { n: 1.5, i: 3, t: true, f: false, s: 'x', o: null, list: [1, 2], sid: 'mine' } },
    }
    expect(parameters(json).parameters).toEqual({
      n: '1.5',
      i: '3',
      t: 'true',
      f: 'false',
      s: 'x',
      list: '[1,2]',
      sid: 'S',
    })
  })

  it('takes objects as accepts', () => {
    const json = { parameter: { svcName: { a: { encoding: 'utf8', rate: 8, x: null, data_type: 'text' }, b: {} } } }
    expect(parameters(json).accepts).toEqual([
      { name: 'a', type: 'text', attributes: { encoding: 'utf8', rate: '8' } },
      { name: 'b', attributes: {} },
    ])
  })

  it.each([
    [{ svcName: { p: 'served' }, other: { p: 'other', q: 'other' }, mnist: { p: 'own', r: 'own' } }],
    [{ other: { p: 'other', q: 'other' }, mnist: { p: 'own', r: 'own' }, svcName: { p: 'served' } }],
  ])('merges all services, and the addressed one wins on equal names', parameter => {
    expect(parameters({ parameter }).parameters).toEqual({ p: 'served', q: 'other', r: 'own', sid: 'S' })
  })

  it.each([
    [{ svcName: { a: {} }, other: { a: -5 } }, { sid: 'S' }, [{ name: 'a', attributes: {} }]],
    [{ svcName: { a: 1 }, other: { a: {} } }, { a: '1', sid: 'S' }, []],
  ])('has the addressed service decide whether a name is a parameter or an accept', (parameter, merged, accepts) => {
    expect(parameters({ parameter })).toEqual({ parameters: merged, accepts })
  })

  it('takes an accept twice when both ask for the same', () => {
    const accept = { encoding: 'utf8', data_type: 'text' }
    expect(parameters({ parameter: { svcName: { a: accept }, other: { a: accept } } }).accepts).toHaveLength(1)
  })

  it.each([
    [{ parameter: { svcName: { a: { encoding: 'utf8' } }, other: { a: { encoding: 'gbk' } } } }, 'parameter.svcName.a'],
    [{ parameter: { svcName: { a: { data_type: 'text' } }, other: { a: {} } } }, 'parameter.svcName.a'],
    [{ parameter: { svcName: { a: { data_type: 'smell' } } } }, 'parameter.svcName.a.data_type: must be one of text'],
    [{ parameter: { svcName: 'x' } }, 'parameter.svcName: must be object'],
    [{ header: { appid: 'a', app_id: 'b' } }, 'header.app_id'],
  ])('refuses %j', (json, text) => {
    expect(() => parameters(json)).toThrow(failure('schema_violation', text))
  })

  it('hands on the header keys that are listed, and no others', () => {
    const json = { header: { uid: 7, did: null, mac: 'm' }, parameter: { svcName: { uid: 'spoofed' } } }
    expect(parameters(json, ['uid', 'did', 'imei']).parameters).toEqual({ uid: '7', sid: 'S' })
  })

  it('knows both spellings of the app id', () => {
    expect(parameters({ header: { app_id: 5, appid: '5' } }, ['appid', 'app_id']).parameters).toEqual({
      appid: '5',
      app_id: '5',
      sid: 'S',
    })
    expect(parameters({ header: { app_id: '5' } }, ['appid']).parameters).toEqual({ appid: '5', sid: 'S' })
  })
})

describe('encodeResult', () => {
  const output = { key: 'r', status: Status.once, attributes: { encoding: 'utf8', seq: '9' } } as const

  it('shows texts as they are and everything else in base64', () => {
    const result = resultOf(
      { ...output, type: 'text', data: Buffer.from('识"') },
      { ...output, key: 'i', type: 'image', data: new Uint8Array([9, 0, 1, 2]).subarray(1) },
    )
    expect(JSON.parse(encodeResult(result, 'S', plainOrBase64))).toEqual({
      header: { code: 0, sid: 'S', status: 3 },
      payload: {
        r: { encoding: 'utf8', seq: '0', status: '3', text: '识"' },
        i: { encoding: 'utf8', seq: '0', status: '3', image: 'AAEC' },
      },
    })
  })
})
