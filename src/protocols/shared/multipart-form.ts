import { ServiceError } from '../../core/error.js'

/** A form as it was sent. */
export interface MultipartForm {
  readonly files: readonly { readonly field: string; readonly data: Buffer }[]
  /** Of several fields with one name the last one counts. */
  readonly fields: ReadonlyMap<string, string>
}

/** More parts than any form of ours has; a flood of tiny ones costs much to read. */
const MAX_PARTS = 64

/** Whether a content type says that the body is a form. */
export function isMultipartForm(contentType: string | undefined): contentType is string {
  return /^multipart\/form-data\s*(;|$)/i.test(contentType ?? '')
}

/**
 * Reads a form whose body has arrived completely.
 * @param contentType the header, with the boundary
 * @throws ServiceError `payload_undecodable`
 */
export async function parseMultipartForm(body: Buffer, contentType: string): Promise<MultipartForm> {
  const files: { field: string; chunks: Buffer[] }[] = []
  const fields = new Map<string, string>()
  // What arrived is within the limit of a body already.
  const limits = { parts: MAX_PARTS, fieldSize: body.length + 1 }
  // Few clients send forms, and every daemon would load it before it is ready.
  const { Busboy } = await import('@fastify/busboy')
  try {
    await new Promise<void>((resolve, reject) => {
      const parser = new Busboy({ headers: { 'content-type': contentType }, limits })
      parser.on('file', (field, stream) => {
        const chunks: Buffer[] = []
        files.push({ field, chunks })
        stream.on('data', chunk => chunks.push(chunk)).on('error', reject)
      })
      parser.on('field', (field, value) => fields.set(field, value))
      parser.on('partsLimit', () => reject(new Error(`more than ${MAX_PARTS} parts`)))
      parser.on('error', reject)
      parser.on('finish', resolve)
      parser.end(body)
    })
  } catch (error) {
    throw new ServiceError('payload_undecodable', `the form cannot be read: ${(error as Error).message}`)
  }
  return { files: files.map(({ field, chunks }) => ({ field, data: Buffer.concat(chunks) })), fields }
}
