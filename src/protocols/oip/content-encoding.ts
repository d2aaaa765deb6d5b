import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { ServiceError } from '../../core/error.js'

const DECODERS = { gzip: promisify(gunzip), deflate: promisify(inflate) } as const

/**
 * Undoes the compression of a request body.
 * @param encoding the header `Content-Encoding`, if there is one
 * @param maxBytes what the body may inflate to
 * @throws ServiceError `payload_undecodable`, or `message_too_large` past the limit
 */
export async function decodeContent(body: Buffer, encoding: string | undefined, maxBytes: number): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body
  const decode = DECODERS[encoding as keyof typeof DECODERS]
  if (decode === undefined) {
    throw new ServiceError('payload_undecodable', `Content-Encoding: ${encoding} is not known; gzip and deflate are`)
  }
  try {
    return await decode(body, { maxOutputLength: maxBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ServiceError('message_too_large', `the body inflates to more than ${maxBytes} bytes`)
    }
    throw new ServiceError('payload_undecodable', `the body is not ${encoding}: ${(error as Error).message}`)
  }
}
