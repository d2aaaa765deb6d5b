import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { pictureInfo } from '../../../../src/protocols/edgeboard/picture.js'
import { ROOT } from '../../../helpers/daemon-process.js'

const file = (name: string) => readFileSync(join(ROOT, 'examples/mnist/wrapper/test_data', name))
const GIF = Buffer.from('R0lGODlhAwACAIAAAAAAAP///yH5BAEAAAAALAAAAAADAAIAAAIDRGkFADs=', 'base64')
const WEBP = Buffer.from('UklGRiIAAABXRUJQVlA4IBYAAAAwAQCdASoBAAEADsD+JaQAA3AAAAAA', 'base64')

/** A JPEG with so many comments of 64 KiB ahead of its size. */
function jpegAfter(comments: number): Buffer {
  const comment = Buffer.alloc(0x10001)
  comment.writeUInt32BE(0xfffeffff)
  const jpeg = file('2-black-on-white.jpg')
  return Buffer.concat([jpeg.subarray(0, 2), ...Array<Buffer>(comments).fill(comment), jpeg.subarray(2)])
}

describe('pictureInfo', () => {
  it.each([
    ['PNG', file('7.png'), { encoding: 'png', width: 225, height: 224 }],
    ['JPEG', file('2-black-on-white.jpg'), { encoding: 'jpg', width: 200, height: 200 }],
    ['JPEG with much ahead of its size', jpegAfter(7), { encoding: 'jpg', width: 200, height: 200 }],
    ['BMP', file('0-grey.bmp'), { encoding: 'bmp', width: 28, height: 28 }],
    ['GIF', GIF, { encoding: 'gif', width: 3, height: 2 }],
    ['WebP', WEBP, { encoding: 'webp', width: 1, height: 1 }],
  ])('reads the size of a %s picture', (_name, bytes, expected) => {
    expect(pictureInfo(bytes)).toEqual(expected)
  })

  it.each([
    ['nothing', ''],
    ['a text', 'hello'],
    ['a picture of another kind', '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="2"/>'],
    ['a PNG that ends in its head', file('7.png').subarray(0, 12)],
    ['a JPEG with too much ahead of its size', jpegAfter(8)],
    ['a JPEG that ends in its head', file('2-black-on-white.jpg').subarray(0, 30)],
  ])('knows nothing of %s', (_what, bytes) => {
    expect(pictureInfo(Buffer.from(bytes))).toBeUndefined()
  })
})
