import { extname } from 'node:path'
import type { DataType } from '../core/payload.js'

const SUFFIXES: Readonly<Partial<Record<DataType, readonly string[]>>> = {
  image: ['png', 'jpg', 'jpeg', 'bmp', 'gif', 'webp', 'tif', 'tiff'],
  audio: ['wav', 'mp3', 'pcm', 'opus', 'speex', 'flac', 'ogg', 'm4a', 'amr', 'aac'],
  video: ['mp4', 'avi', 'mov', 'mkv', 'webm', 'flv'],
  text: ['txt', 'json', 'csv', 'md', 'xml', 'html', 'srt', 'yaml', 'toml'],
}

/** First bytes of common formats, as Latin-1 text, at their offset. */
const SIGNATURES: readonly (readonly [type: DataType, encoding: string, offset: number, bytes: string])[] = [
  ['image', 'png', 0, '\x89PNG\r\n\x1a\n'],
  ['image', 'jpg', 0, '\xff\xd8\xff'],
  ['image', 'gif', 0, 'GIF8'],
  ['image', 'bmp', 0, 'BM'],
  ['image', 'webp', 8, 'WEBP'],
  ['audio', 'wav', 8, 'WAVE'],
  ['audio', 'mp3', 0, 'ID3'],
  ['audio', 'flac', 0, 'fLaC'],
  ['audio', 'ogg', 0, 'OggS'],
  ['video', 'avi', 8, 'AVI '],
  ['video', 'mp4', 4, 'ftyp'],
  ['video', 'mkv', 0, '\x1a\x45\xdf\xa3'],
]

export interface GuessedType {
  readonly type: DataType
  /** ASE's `encoding` attribute: the format of an image, the charset of a text; undefined when nothing is known. */
  readonly encoding: string | undefined
}

function isUtf8(data: Uint8Array): boolean {
  try {
    return !new TextDecoder('utf-8', { fatal: true }).decode(data).includes('\0')
  } catch {
    return false
  }
}

/** Guesses what a file holds, by its suffix or else by its first bytes. */
export function guessType(file: string, data: Uint8Array): GuessedType {
  const suffix = extname(file).slice(1).toLowerCase()
  for (const [type, suffixes] of Object.entries(SUFFIXES) as [DataType, readonly string[]][]) {
    if (suffixes.includes(suffix)) return { type, encoding: type === 'text' ? 'utf8' : suffix }
  }
  const head = Buffer.from(data.subarray(0, 16)).toString('latin1')
  const known = SIGNATURES.find(([, , offset, bytes]) => head.startsWith(bytes, offset))
  if (known !== undefined) return { type: known[0], encoding: known[1] }
  return isUtf8(data) ? { type: 'text', encoding: 'utf8' } : { type: 'other', encoding: undefined }
}
