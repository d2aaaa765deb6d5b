import { gunzipSync, gzipSync } from 'node:zlib'
import iconv from 'iconv-lite'
import { describe, expect, it } from 'vitest'
import { type Attributes, type Payload, Status } from '../../../../src/core/payload.js'
import { checkTextAccepts, decodeTexts, encodeTexts } from '../../../../src/protocols/ase/text-charset.js'
import { mnistSchema } from '../shared/fake-inference.js'

const TEXT = '识别结果为数字: 7'
const text = (data: Uint8Array, attributes: Attributes = {}): Payload => {
  return { key: 't', type: 'text', status: Status.once, attributes, data }
}
const failure = (reason: string, part: string) =>
  expect.objectContaining({ reason, message: expect.stringContaining(part) })

describe('decodeTexts', () => {
  it.each([
    ['plain utf8', Buffer.from(TEXT), {}],
    ['named utf8', Buffer.from(TEXT), { encoding: 'UTF-8', compress: 'raw' }],
    ['gb2312', iconv.encode(TEXT, 'gb2312'), { encoding: 'gb2312' }],
    ['gbk', iconv.encode(TEXT, 'gbk'), { encoding: 'gbk', compress: '' }],
    ['gzip', gzipSync(TEXT), { encoding: 'utf8', compress: 'gzip' }],
    ['gbk in gzip', gzipSync(iconv.encode(TEXT, 'gbk')), { encoding: 'gbk', compress: 'gzip' }],
  ])('makes plain UTF-8 of %s and says so', async (_name, data, attributes) => {
    const [payload] = await decodeTexts([text(data, { ...attributes, x: 'y' })], 1000)
    expect(Buffer.from(payload?.data ?? []).toString()).toBe(TEXT)
    expect(payload?.attributes).toEqual({ encoding: 'utf8', compress: 'raw', x: 'y' })
  })

  it('leaves other types alone', async () => {
    const image: Payload = { ...text(Buffer.from([255]), { encoding: 'jpg' }), type: 'image' }
    expect((await decodeTexts([image], 10))[0]).toBe(image)
  })

  it.each([
    [{ encoding: 'klingon' }, Buffer.from('x'), "payload.t.encoding: unknown charset 'klingon'"],
    [{ compress: 'zip' }, Buffer.from('x'), "payload.t.compress: unknown compression 'zip'"],
    [{}, Buffer.from([0xff, 0xfe]), 'payload.t: the data is not utf8'],
    [{ encoding: 'gbk' }, Buffer.from([0xff, 0xff]), 'payload.t: the data is not gbk'],
    [{ compress: 'gzip' }, Buffer.from('no gzip'), 'payload.t: the data is not gzip'],
    [{ compress: 'gzip' }, gzipSync(TEXT).subarray(0, 20), 'payload.t: the data is not gzip'],
  ])('refuses %j', async (attributes, data, message) => {
    await expect(decodeTexts([text(data, attributes)], 1000)).rejects.toThrow(failure('payload_undecodable', message))
  })

  it('stops inflating a bomb at the limit', async () => {
    const bomb = text(gzipSync(Buffer.alloc(50_000_000)), { compress: 'gzip' })
    await expect(decodeTexts([bomb], 1_000_000)).rejects.toThrow(failure('message_too_large', 'payload.t'))
  })

  it('counts all texts of a request together', async () => {
    const half = text(gzipSync(Buffer.alloc(600, 'a')), { compress: 'gzip' })
    await expect(decodeTexts([half], 1000)).resolves.toHaveLength(1)
    await expect(decodeTexts([half, half], 1000)).rejects.toThrow(failure('message_too_large', 'payload.t'))
  })
})

describe('encodeTexts', () => {
  it('leaves plain UTF-8 out', async () => {
    expect(await encodeTexts([text(Buffer.from(TEXT)), text(Buffer.from(TEXT), { encoding: 'utf8' })])).toEqual(
      new Map(),
    )
  })

  it.each(['gb2312', 'gbk'])('encodes to %s', async encoding => {
    const payload = text(Buffer.from(TEXT), { encoding })
    const encoded = (await encodeTexts([payload])).get(payload) ?? ''
    expect(iconv.decode(Buffer.from(encoded, 'base64'), encoding)).toBe(TEXT)
  })

  it('compresses', async () => {
    const payload = text(Buffer.from(TEXT), { compress: 'gzip' })
    const encoded = (await encodeTexts([payload])).get(payload) ?? ''
    expect(gunzipSync(Buffer.from(encoded, 'base64')).toString()).toBe(TEXT)
  })

  it.each([
    [{ encoding: 'klingon' }, TEXT, "unknown charset 'klingon'"],
    [{ compress: 'zip' }, TEXT, "unknown compression 'zip'"],
    [{ encoding: 'gbk' }, '😀', 'gbk'],
  ])('refuses %j', async (attributes, data, message) => {
    await expect(encodeTexts([text(Buffer.from(data), attributes)])).rejects.toThrow(
      failure('output_mismatch', message),
    )
  })
})

describe('checkTextAccepts', () => {
  it.each([
    [{ encoding: 'klingon' }, 'result.encoding: must be one of utf8, gb2312, gbk'],
    [{ compress: 'zip' }, 'result.compress: must be one of raw, gzip'],
  ])('refuses %j before the model has worked for it', (attributes, message) => {
    const accept = { name: 'result', attributes }
    expect(() => checkTextAccepts([{ ...accept, type: 'text' }], undefined)).toThrow(
      failure('schema_violation', message),
    )
    expect(() => checkTextAccepts([accept], mnistSchema())).toThrow(failure('schema_violation', message))
    checkTextAccepts([{ ...accept, type: 'audio' }], mnistSchema())
  })
})
