import { describe, expect, it } from 'vitest'
import { isMultipartForm, parseMultipartForm } from '../../../../src/protocols/shared/multipart-form.js'

const TYPE = 'multipart/form-data; boundary=b'
const part = (header: string, value: string) => `--b\r\nContent-Disposition: form-data; ${header}\r\n\r\n${value}\r\n`
const parse = (text: string, type = TYPE) => parseMultipartForm(Buffer.from(text, 'latin1'), type)

describe('isMultipartForm', () => {
  it.each([
    ['multipart/form-data; boundary=b', true],
    ['Multipart/Form-Data;boundary=b', true],
    ['multipart/form-data', true],
    ['multipart/mixed; boundary=b', false],
    ['multipart/form-data-x', false],
    ['image/png', false],
    [undefined, false],
  ])('of %j is %j', (type, expected) => {
    expect(isMultipartForm(type)).toBe(expected)
  })
})

describe('parseMultipartForm', () => {
  it('reads what a browser or fetch sends', async () => {
    const form = new FormData()
    form.set('mids', '[0,1]')
    form.set('file', new Blob([Buffer.alloc(300_000, 7)]), 'a.png')
    const request = new Request('http://localhost', { method: 'POST', body: form })
    const type = request.headers.get('content-type') as string
    const { files, fields } = await parseMultipartForm(Buffer.from(await request.arrayBuffer()), type)
    expect([...fields]).toEqual([['mids', '[0,1]']])
    expect(files).toEqual([{ field: 'file', data: Buffer.alloc(300_000, 7) }])
  })

  it('keeps the bytes of a file as they are, also an empty one, and names without quotes', async () => {
    const text = `${part('name=file; filename=x', 'a\r\n--\xff\0')}${part('name="none"; filename=""', '')}--b--\r\n`
    const { files } = await parse(text)
    expect(files).toEqual([
      { field: 'file', data: Buffer.from('a\r\n--\xff\0', 'latin1') },
      { field: 'none', data: Buffer.alloc(0) },
    ])
  })

  it.each([
    ['no boundary', `${part('name="a"', '1')}--b--`, 'multipart/form-data'],
    ['an end in the middle of a file', part('name="file"; filename="x"', 'abc').slice(0, -2), TYPE],
    ['an end in the middle of a header', '--b\r\nContent-Dispo', TYPE],
    ['no part at all', 'garbage', TYPE],
    ['nothing', '', TYPE],
    ['too many parts', `${part('name="a"', '1').repeat(65)}--b--\r\n`, TYPE],
  ])('refuses %s', async (_what, text, type) => {
    await expect(parse(text, type)).rejects.toMatchObject({ reason: 'payload_undecodable' })
  })
})
