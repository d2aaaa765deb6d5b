import { imageSize } from 'image-size'

/** What the head of a picture says of it. */
export interface PictureInfo {
  /** As in the attribute `encoding` of an image payload. */
  readonly encoding: string
  /** In pixels, as stored: a rotation that the file asks for is not counted. */
  readonly width: number
  readonly height: number
}

const ENCODINGS: ReadonlySet<string> = new Set(['png', 'jpg', 'gif', 'bmp', 'webp'])

/** How much of a picture is looked at; a JPEG may have so much ahead of its size, and a broken one takes long to read. */
const HEAD_BYTES = 512 * 1024

/** Reads the head of a PNG, JPEG, GIF, BMP or WebP picture; undefined when the bytes are none of these. */
export function pictureInfo(bytes: Uint8Array): PictureInfo | undefined {
  try {
    const { type = '', width, height } = imageSize(bytes.subarray(0, HEAD_BYTES))
    return ENCODINGS.has(type) ? { encoding: type, width, height } : undefined
  } catch {
    // It throws for whatever is no picture.
    return undefined
  }
}
