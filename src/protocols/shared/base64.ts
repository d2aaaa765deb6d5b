import { ServiceError } from '../../core/error.js'

const PAD = 0x3d

/**
 * Decodes standard base64 as strictly as Go's decoder, which the reference uses: its alphabet and nothing else, padding
 * where it belongs, complete quanta. Line breaks are skipped; unused bits of the last character may be anything.
 * @param path names the value in the error's text, such as `payload.img.image`
 * @throws ServiceError `payload_undecodable` with the position of the first bad character
 */
export function decodeBase64(text: string, path: string): Buffer {
  const bytes = Buffer.from(text, 'base64')
  // Node skips what it does not know, so only what encodes to the same text again was surely well-formed.
  if (bytes.toString('base64') === text) return bytes
  const bad = firstIllegal(text)
  if (bad === undefined) return bytes
  throw new ServiceError('payload_undecodable', `${path}: illegal base64 data at input byte ${bad}`)
}

function firstIllegal(text: string): number | undefined {
  let quantum = 0
  let padding = 0
  for (let index = 0; index < text.length; index++) {
    const char = text.charCodeAt(index)
    if (char === 0x0a || char === 0x0d) continue
    if (char === PAD) {
      if (quantum < 2 || padding + quantum >= 4) return index
      padding++
    } else {
      if (padding > 0 || !inAlphabet(char)) return index
      quantum = (quantum + 1) % 4
    }
  }
  return quantum === 0 || quantum + padding === 4 ? undefined : text.length
}

function inAlphabet(char: number): boolean {
  return (
    (char >= 0x41 && char <= 0x5a) ||
    (char >= 0x61 && char <= 0x7a) ||
    (char >= 0x30 && char <= 0x39) ||
    char === 0x2b ||
    char === 0x2f
  )
}
