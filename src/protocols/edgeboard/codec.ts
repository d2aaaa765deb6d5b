import { ServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceResult } from '../../core/inference.js'
import type { ModelInfo, ModelSchema } from '../../core/model.js'
import { Status } from '../../core/payload.js'
import { decodeBase64 } from '../shared/base64.js'
import { parseJsonObject } from '../shared/json-body.js'
import { isMultipartForm, type MultipartForm, parseMultipartForm } from '../shared/multipart-form.js'
import { type Hit, type Location, readHits, readPicture } from './detection.js'
import { pictureInfo } from './picture.js'
import { readMids } from './query.js'

/**
 * Decodes the body `{"image": base64, "show": …}`.
 * @throws ServiceError `body_not_json`, `input_missing`, `payload_undecodable`
 */
export function decodeJsonPicture(body: unknown): { readonly picture: Buffer; readonly show: unknown } {
  const { image, show } = parseJsonObject(body).json
  if (image === undefined || image === null) throw new ServiceError('input_missing', 'image: is missing')
  if (typeof image !== 'string') throw new ServiceError('payload_undecodable', 'image: must be a string in base64')
  const prefix = /^data:[^,]{0,100},?/.exec(image)
  if (prefix !== null) {
    throw new ServiceError('payload_undecodable', `image: leave out '${prefix[0]}' and send the base64 alone`)
  }
  return { picture: decodeBase64(image, 'image'), show }
}

/**
 * Takes a body that is the picture, or a form with the picture as its one file.
 * @throws ServiceError `input_missing`, `payload_undecodable`
 */
export async function decodeBinaryPicture(body: unknown, contentType: string | undefined): Promise<Buffer> {
  const bytes = bytesOf(body)
  if (isMultipartForm(contentType)) return onlyFile(await parseMultipartForm(bytes, contentType))
  if (bytes.length === 0) throw new ServiceError('input_missing', 'the body is empty; it has to be the picture')
  return bytes
}

/**
 * Reads the form with `file` and `mids` that asks several models.
 * @throws ServiceError `payload_undecodable`, `input_missing`, `parameter_missing`, `schema_violation`
 */
export async function decodeFormPicture(
  body: unknown,
  contentType: string | undefined,
): Promise<{ readonly picture: Buffer; readonly mids: readonly number[] }> {
  if (!isMultipartForm(contentType)) {
    throw new ServiceError('payload_undecodable', 'the body has to be a form (multipart/form-data) with file and mids')
  }
  const form = await parseMultipartForm(bytesOf(body), contentType)
  return { picture: onlyFile(form, 'file'), mids: readMids(form.fields.get('mids')) }
}

/** A request without a body has none. */
function bytesOf(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.alloc(0)
}

/** @param name of the field that it has to be in; default: any */
function onlyFile({ files }: MultipartForm, name?: string): Buffer {
  const [file, ...more] = files.filter(({ field }) => name === undefined || field === name)
  const what = name === undefined ? 'a file' : `a file in the field ${name}`
  if (file === undefined) throw new ServiceError('input_missing', `the form does not have ${what}`)
  if (more.length > 0) throw new ServiceError('payload_undecodable', `the form has to have ${what}, but has several`)
  return file.data
}

/** @throws ServiceError `model_unknown` */
export function modelByMid(models: readonly ModelInfo[], mid: number): ModelInfo {
  const model = models.find(candidate => candidate.mid === mid)
  if (model !== undefined) return model
  const numbered = models.filter(candidate => candidate.mid !== undefined)
  const known = numbered.map(candidate => `${candidate.mid} (${candidate.name})`).join(', ')
  throw new ServiceError('model_unknown', `no model has the mid ${mid}; there is ${known || 'none with a mid'}`)
}

/** What models are asked about a picture. */
export interface Question {
  readonly picture: Buffer
  /** Whether they are to draw what they find. */
  readonly show: boolean
  readonly parameters: Readonly<Record<string, string>>
}

/** The input that the picture goes to: the first image of the wrapper's schema, or `image` where that names none. */
export function pictureInput(schema: ModelSchema | undefined): string {
  const [key] = [...(schema?.inputs ?? [])].find(([, type]) => type === 'image') ?? ['image']
  return key
}

export function toInferenceRequest(
  { name, schema }: ModelInfo,
  { picture, show, parameters }: Question,
  sid: string,
): InferenceRequest {
  const key = pictureInput(schema)
  const encoding = pictureInfo(picture)?.encoding
  const attributes: Record<string, string> = encoding === undefined ? {} : { encoding }
  return {
    model: name,
    parameters: { ...parameters, ...(show && { show: '1' }), sid },
    payloads: [{ key, type: 'image', status: Status.once, attributes, data: picture }],
    accepts: [],
  }
}

/** What a model found, and the picture with it drawn in, in base64, where that was wanted and the model gives one. */
export interface Findings {
  readonly result: readonly Hit[]
  readonly image?: string
}

/** @throws ServiceError `output_mismatch`, or `payload_undecodable` when a hit is the whole of what is no picture */
export function toFindings({ payloads }: InferenceResult, { picture, show }: Question): Findings {
  const result = readHits(payloads, () => wholeOf(picture))
  const image = show ? readPicture(payloads) : undefined
  return image === undefined ? { result } : { result, image }
}

function wholeOf(picture: Buffer): Location {
  const info = pictureInfo(picture)
  if (info !== undefined) return { left: 0, top: 0, width: info.width, height: info.height }
  throw new ServiceError('payload_undecodable', 'the picture has no known size: it is not PNG, JPEG, GIF, BMP or WebP')
}

/** Renders an answer as JSON text. @param data findings, or for several models a list */
export function encodeAnswer(data: unknown): string {
  return JSON.stringify({ code: 0, data, msg: 'success' })
}
