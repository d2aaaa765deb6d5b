import { isUtf8 } from 'node:buffer'
import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import iconv from 'iconv-lite'
import { ServiceError } from '../../core/error.js'
import type { ModelSchema } from '../../core/model.js'
import type { Accept, Payload } from '../../core/payload.js'

/**
 * `[aiges] normalizeText`: wrappers get plain UTF-8, clients send and get texts in the charset and compression that
 * their attributes name. Charsets and compressions of the ASE protocol; an absent or empty name is the first of its
 * list.
 */
const CHARSETS = ['utf8', 'gb2312', 'gbk'] as const
type Charset = (typeof CHARSETS)[number]
const COMPRESSIONS = ['raw', 'gzip'] as const
type Compression = (typeof COMPRESSIONS)[number]

const inflate = promisify(gunzip)
const deflate = promisify(gzip)

/**
 * Turns the texts among the payloads into plain UTF-8 and their attributes with them.
 * @param maxBytes what all of them together may inflate to
 * @throws ServiceError `payload_undecodable`, or `message_too_large` when a gzip is larger inside than allowed
 */
export async function decodeTexts(payloads: readonly Payload[], maxBytes: number): Promise<readonly Payload[]> {
  let budget = maxBytes
  const decoded: Payload[] = []
  for (const payload of payloads) {
    if (payload.type !== 'text') {
      decoded.push(payload)
      continue
    }
    const { encoding, compress } = payload.attributes
    const path = `payload.${payload.key}`
    const charset = charsetOf(encoding)
    const compression = compressionOf(compress)
    if (charset === undefined) throw undecodable(`${path}.encoding: unknown charset '${encoding}'`)
    if (compression === undefined) throw undecodable(`${path}.compress: unknown compression '${compress}'`)
    const bytes = compression === 'gzip' ? await gunzipWithin(payload.data, budget, path) : payload.data
    if (compression === 'gzip') budget -= bytes.length
    const attributes = { ...payload.attributes, encoding: 'utf8', compress: 'raw' }
    decoded.push({ ...payload, attributes, data: toUtf8(bytes, charset, path) })
  }
  return decoded
}

async function gunzipWithin(data: Uint8Array, maxBytes: number, path: string): Promise<Uint8Array> {
  try {
    // zlib knows no limit of zero.
    return await inflate(data, { maxOutputLength: Math.max(1, maxBytes) })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ServiceError('message_too_large', `${path}: the gzip data is larger inside than the limit`)
    }
    throw undecodable(`${path}: the data is not gzip (${(error as Error).message})`)
  }
}

function toUtf8(bytes: Uint8Array, charset: Charset, path: string): Uint8Array {
  if (charset === 'utf8') {
    if (!isUtf8(bytes)) throw undecodable(`${path}: the data is not utf8`)
    return bytes
  }
  const text = iconv.decode(bytes, charset)
  // Neither charset has this character: the decoder puts it where the bytes are none of its own.
  if (text.includes('\uFFFD')) throw undecodable(`${path}: the data is not ${charset}`)
  return Buffer.from(text)
}

/**
 * Encodes the texts among a model's outputs as their attributes say.
 * @returns base64 of those that are no longer plain UTF-8, by payload
 * @throws ServiceError `output_mismatch` when an output cannot be had in that charset
 */
export async function encodeTexts(payloads: readonly Payload[]): Promise<ReadonlyMap<Payload, string>> {
  const encoded = new Map<Payload, string>()
  for (const payload of payloads) {
    if (payload.type !== 'text') continue
    const { encoding, compress } = payload.attributes
    const charset = charsetOf(encoding)
    const compression = compressionOf(compress)
    if (charset === undefined || compression === undefined) {
      const wanted = charset === undefined ? `charset '${encoding}'` : `compression '${compress}'`
      throw new ServiceError('output_mismatch', `output '${payload.key}': unknown ${wanted}`)
    }
    if (charset === 'utf8' && compression === 'raw') continue
    const bytes = charset === 'utf8' ? payload.data : fromUtf8(payload, charset)
    encoded.set(payload, Buffer.from(compression === 'gzip' ? await deflate(bytes) : bytes).toString('base64'))
  }
  return encoded
}

function fromUtf8({ key, data }: Payload, charset: Charset): Buffer {
  const text = Buffer.from(data).toString()
  const bytes = iconv.encode(text, charset)
  if (iconv.decode(bytes, charset) !== text) {
    throw new ServiceError('output_mismatch', `output '${key}' has characters that ${charset} has not`)
  }
  return bytes
}

/**
 * Refuses what encodeTexts could not do, before the model has worked for it.
 * @throws ServiceError `schema_violation`
 */
export function checkTextAccepts(accepts: readonly Accept[], schema: ModelSchema | undefined): void {
  for (const { name, type, attributes } of accepts) {
    if ((type ?? schema?.outputs.get(name)?.type) !== 'text') continue
    const { encoding, compress } = attributes
    if (charsetOf(encoding) === undefined) {
      throw new ServiceError('schema_violation', `${name}.encoding: must be one of ${CHARSETS.join(', ')}`)
    }
    if (compressionOf(compress) === undefined) {
      throw new ServiceError('schema_violation', `${name}.compress: must be one of ${COMPRESSIONS.join(', ')}`)
    }
  }
}

function charsetOf(name: string | undefined): Charset | undefined {
  const wanted = (name || 'utf8').toLowerCase().replace('utf-8', 'utf8')
  return CHARSETS.find(charset => charset === wanted)
}

function compressionOf(name: string | undefined): Compression | undefined {
  const wanted = (name || 'raw').toLowerCase()
  return COMPRESSIONS.find(compression => compression === wanted)
}

function undecodable(message: string): ServiceError {
  return new ServiceError('payload_undecodable', message)
}
