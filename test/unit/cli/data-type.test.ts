import { expect, test } from 'vitest'
import { guessType } from '../../../src/cli/data-type.js'

const bytes = (latin1: string) => Buffer.from(latin1, 'latin1')

test.each([
  ['a.png', '', 'image', 'png'],
  ['a.JPEG', '', 'image', 'jpeg'],
  ['a.wav', '', 'audio', 'wav'],
  ['a.mp4', '', 'video', 'mp4'],
  ['a.json', '{}', 'text', 'utf8'],
  ['picture', '\x89PNG\r\n\x1a\n', 'image', 'png'],
  ['picture', '\xff\xd8\xff\xe0', 'image', 'jpg'],
  ['a.bin', 'RIFF\x04\0\0\0WAVEfmt ', 'audio', 'wav'],
  ['a.bin', 'RIFF\x04\0\0\0WEBPVP8 ', 'image', 'webp'],
  ['a.bin', '\0\0\0\x20ftypisom', 'video', 'mp4'],
  ['notes', 'plain words', 'text', 'utf8'],
  ['a.bin', 'zero\0byte', 'other', undefined],
  ['a.bin', '\xc3\x28', 'other', undefined],
])('%s with %j is %s', (file, content, type, encoding) => {
  expect(guessType(file, bytes(content))).toEqual({ type, encoding })
})
