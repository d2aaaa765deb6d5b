import { ServiceError } from '../../core/error.js'
import type { InferenceResult } from '../../core/inference.js'
import type { JsonObject } from '../../core/model.js'
import { type Accept, type Attributes, DATA_TYPES, type DataType, type Payload, Status } from '../../core/payload.js'
import { decodeBase64 } from '../shared/base64.js'
import type { AsideOptions } from '../shared/json-aside.js'
import { type NotJson, parseJsonObject } from '../shared/json-body.js'
import { JsonList } from '../shared/json-list.js'
import { isObject } from '../shared/json-object.js'
import { asString } from '../shared/string-form.js'
import { JsonSource } from './json-source.js'

/** An ASE request body: the JSON object, its text, and its three sections (empty where they are absent or null). */
export interface AseBody {
  readonly text: string
  readonly json: JsonObject
  readonly header: JsonObject
  readonly parameter: JsonObject
  readonly payload: JsonObject
}

const NONE: JsonObject = {}

/** Where a list is the data of a payload, which is handed over as its text. */
const PAYLOAD_DATA: AsideOptions = { steps: [name => name === 'payload', () => true, isDataType] }

/**
 * Parses a request body or a frame: a Buffer, or nothing when the request has none.
 * @param notJson what text that is no JSON object is refused with
 * @throws ServiceError with that reason, or `schema_violation` when a section is no object
 */
export function parseBody(body: unknown, notJson: NotJson = 'body_not_json'): AseBody {
  const { text, json } = parseJsonObject(body, notJson, PAYLOAD_DATA)
  const header = section(json, 'header')
  const parameter = section(json, 'parameter')
  return { text, json, header, parameter, payload: section(json, 'payload') }
}

function section(json: JsonObject, name: string): JsonObject {
  const value = json[name] ?? NONE
  if (!isObject(value)) throw new ServiceError('schema_violation', `${name}: must be object`)
  return value
}

/**
 * Decodes the payload section: every entry has its data, base64, under the key that names its type; an object or array
 * there is handed over as its JSON text. All other members become attributes.
 * @throws ServiceError `payload_undecodable`, `schema_violation` (a status that is none) or `input_missing`
 */
export function decodePayloads(body: AseBody): Payload[] {
  const payloads = decodeEntries(body, Status.once)
  if (payloads.length === 0) throw new ServiceError('input_missing')
  return payloads
}

/**
 * As `decodePayloads`, of a section that may be empty.
 * @param absent the status of a payload that states none
 */
export function decodeEntries(body: AseBody, absent: Status): Payload[] {
  const source = new JsonSource(body.text)
  return Object.keys(body.payload).map(key => decodePayload(key, body.payload[key], source, absent))
}

function decodePayload(key: string, entry: unknown, source: JsonSource, absent: Status): Payload {
  const path = `payload.${key}`
  if (!isObject(entry)) throw new ServiceError('payload_undecodable', `${path}: must be an object`)
  let type: DataType | undefined
  const attributes: Record<string, string> = {}
  for (const name in entry) {
    const value = entry[name]
    if (value === null) continue
    if (!isDataType(name)) attributes[name] = asString(value)
    else if (type === undefined) type = name
    else throw new ServiceError('payload_undecodable', `${path}: has both ${type} and ${name}`)
  }
  if (type === undefined) {
    throw new ServiceError('input_missing', `${path}: has no data; give one of ${DATA_TYPES.join(', ')}`)
  }
  const value = entry[type]
  const status = decodeStatus(attributes['status'], path) ?? absent
  if (typeof value === 'string') {
    return { key, type, status, attributes, data: decodeBase64(value, `${path}.${type}`) }
  }
  if (typeof value !== 'object') {
    throw new ServiceError('payload_undecodable', `${path}.${type}: must be base64, an object or an array`)
  }
  // JSON text is plain UTF-8, whatever its sender says of it.
  if (type === 'text') Object.assign(attributes, { encoding: 'utf8', compress: 'raw' })
  const data = value instanceof JsonList ? value.bytes : Buffer.from(source.textOf(['payload', key, type]))
  return { key, type, status, attributes, data }
}

/**
 * Reads a status in its string form; undefined where there is none.
 * @throws ServiceError `schema_violation`, naming the path of the object whose status it is
 */
export function decodeStatus(value: string | undefined, path: string): Status | undefined {
  switch (value) {
    case undefined:
      return undefined
    case '3':
      return Status.once
    case '0':
      return Status.begin
    case '1':
      return Status.continue
    case '2':
      return Status.end
    default:
      throw new ServiceError('schema_violation', `${path}.status: must be one of 0, 1, 2, 3`)
  }
}

/** What the header and parameter sections ask for. */
export interface AseParameters {
  readonly parameters: Readonly<Record<string, string>>
  readonly accepts: readonly Accept[]
}

export interface ParameterOptions {
  /** Names of the addressed service, least important first: on equal parameter names their values win. */
  readonly addressed: readonly string[]
  /** Header keys that are handed on as parameters. */
  readonly headerPass: readonly string[]
  readonly sid: string
}

/**
 * Merges the parameters of all services: a scalar is a parameter in string form, null is left out, an object is an
 * accept; where one service has a scalar and another an object, the more important one decides. Adds the header keys of `headerPass` and the sid, which clients cannot override.
 * @throws ServiceError `schema_violation`
 */
export function decodeParameters(body: AseBody, options: ParameterOptions): AseParameters {
  const parameters: Record<string, string> = {}
  const accepts = new Map<string, Accept>()
  for (const service of servicesByRank(body.parameter, options.addressed)) {
    const values = body.parameter[service] ?? NONE
    if (!isObject(values)) throw new ServiceError('schema_violation', `parameter.${service}: must be object`)
    for (const name in values) {
      const value = values[name]
      if (isObject(value)) {
        addAccept(accepts, name, value, `parameter.${service}.${name}`)
        if (name in parameters) delete parameters[name]
      } else if (value !== null) {
        parameters[name] = asString(value)
        accepts.delete(name)
      }
    }
  }
  passHeaders(body.header, options.headerPass, parameters)
  parameters['sid'] = options.sid
  return { parameters, accepts: [...accepts.values()] }
}

/**
 * The services that a client names in `parameter`, least important first.
 * @param addressed names of the addressed service, least important first
 */
export function servicesByRank(parameter: JsonObject, addressed: readonly string[]): readonly string[] {
  const services = Object.keys(parameter)
  if (services.length > 1) services.sort((a, b) => addressed.indexOf(a) - addressed.indexOf(b))
  return services
}

function addAccept(accepts: Map<string, Accept>, name: string, value: JsonObject, path: string): void {
  const { data_type: type = null, ...rest } = value
  if (type !== null && !(typeof type === 'string' && isDataType(type))) {
    throw new ServiceError('schema_violation', `${path}.data_type: must be one of ${DATA_TYPES.join(', ')}`)
  }
  const attributes: Record<string, string> = {}
  for (const key in rest) if (rest[key] !== null) attributes[key] = asString(rest[key])
  const accept: Accept = type === null ? { name, attributes } : { name, type, attributes }
  const earlier = accepts.get(name)
  if (earlier !== undefined && !sameAccept(earlier, accept)) {
    throw new ServiceError('schema_violation', `${path}: another service asks for it with other attributes`)
  }
  accepts.set(name, accept)
}

function sameAccept(a: Accept, b: Accept): boolean {
  const keys = Object.keys(a.attributes)
  return (
    a.type === b.type &&
    keys.length === Object.keys(b.attributes).length &&
    keys.every(key => a.attributes[key] === b.attributes[key])
  )
}

/**
 * The app that a header names; `app_id` and `appid` are two spellings of one key.
 * @throws ServiceError `schema_violation` when they differ
 */
export function appIdOf(header: JsonObject): string | undefined {
  const appId = header['appid'] ?? header['app_id'] ?? null
  const other = header['app_id'] ?? null
  if (other !== null && asString(other) !== asString(appId)) {
    throw new ServiceError('schema_violation', 'header.app_id: differs from header.appid')
  }
  return appId === null ? undefined : asString(appId)
}

function passHeaders(header: JsonObject, passed: readonly string[], parameters: Record<string, string>): void {
  const appId = appIdOf(header)
  for (const key of passed) {
    const value = key === 'appid' || key === 'app_id' ? (appId ?? null) : (header[key] ?? null)
    if (value !== null) parameters[key] = asString(value)
  }
}

/** Texts as they stand, everything else in base64: how ASE over HTTP shows an output. */
export function plainOrBase64(payload: Payload): string {
  const { buffer, byteOffset, byteLength } = payload.data
  return Buffer.from(buffer, byteOffset, byteLength).toString(payload.type === 'text' ? 'utf8' : 'base64')
}

/**
 * Renders a result over HTTP as JSON text.
 * @param show gives the text that stands for a payload's data
 * @param seq number of the result among those of its request, from 0
 */
export function encodeResult(
  result: InferenceResult,
  sid: string,
  show: (payload: Payload) => string,
  seq = 0,
): string {
  const payload: Record<string, Attributes> = {}
  for (const output of result.payloads) payload[output.key] = describeOutput(output, result.status, seq, show(output))
  return JSON.stringify({ header: { code: 0, sid, status: result.status }, payload })
}

/** Members are set one by one: JSON.stringify takes twice as long over an object made by spreading another one. */
function describeOutput({ attributes, type }: Payload, status: Status, seq: number, data: string): Attributes {
  const described: Record<string, string> = {}
  for (const name in attributes) described[name] = attributes[name] as string
  described['seq'] = String(seq)
  described['status'] = String(status)
  described[type] = data
  return described
}

/** Renders an error answer as JSON text. */
export function encodeError(code: number, message: string, sid: string): string {
  return JSON.stringify({ header: { code, message, sid }, payload: null })
}

function isDataType(name: string): name is DataType {
  return (DATA_TYPES as readonly string[]).includes(name)
}
