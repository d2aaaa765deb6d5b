import { ServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceResult, SessionRequest } from '../../core/inference.js'
import { type Accept, DATA_TYPES, type DataType, type Payload, Status } from '../../core/payload.js'
import type { ProtoGrpcType } from '../../gen/gateway/loader.js'
import type { LoaderInput__Output } from '../../gen/gateway/protocol/LoaderInput.js'
import {
  type LoaderOutput as LoaderOutputMessage,
  _protocol_LoaderOutput_RespStatus as RespStatus,
} from '../../gen/gateway/protocol/LoaderOutput.js'
import type { MetaDesc__Output } from '../../gen/gateway/protocol/MetaDesc.js'
import type { Payload__Output } from '../../gen/gateway/protocol/Payload.js'
import { loadProto } from '../../rpc/proto.js'
import { resourceIds } from '../shared/resource-ids.js'
import type { XsfFailure } from './error-map.js'

const { LoaderInput, LoaderOutput } = loadProto<ProtoGrpcType>('gateway', 'loader.proto').protocol

/** The answer of an operation that has nothing to say: a LoaderOutput of defaults has no bytes. */
export const EMPTY_OUTPUT = Buffer.alloc(0)

/** @throws ServiceError `message_undecodable` */
export function decodeLoaderInput(bytes: Uint8Array): LoaderInput__Output {
  try {
    return LoaderInput.deserialize(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength))
  } catch (cause) {
    throw new ServiceError('message_undecodable', `data[0] is not a protocol.LoaderInput: ${messageOf(cause)}`, {
      cause,
    })
  }
}

/**
 * The request in the core's words. `sid` joins the client's parameters; of the headers only `res_id` counts.
 * @throws ServiceError `input_missing` or `message_undecodable`
 */
export function toInferenceRequest(input: LoaderInput__Output, sid: string): InferenceRequest {
  if (input.pl.length === 0) throw new ServiceError('input_missing', 'the request has no payload (LoaderInput.pl)')
  return { ...toSessionRequest(input, sid), payloads: toPayloads(input, Status.once) }
}

/** What opens a session: all of a request but its data. */
export function toSessionRequest(input: LoaderInput__Output, sid: string): SessionRequest {
  const resources = resourceIds(input.headers['res_id'])
  return {
    ...(resources.length > 0 && { resources }),
    model: input.serviceId,
    parameters: { ...input.params, sid },
    accepts: input.expect.map(toAccept),
  }
}

/**
 * The data of one frame of a session. A payload that does not say its status ends nothing.
 * @throws ServiceError `message_undecodable`
 */
export function toFramePayloads(input: LoaderInput__Output): Payload[] {
  return toPayloads(input, Status.continue)
}

/** @param defaultStatus of payloads that do not say theirs */
export function toPayloads(input: LoaderInput__Output, defaultStatus: Status): Payload[] {
  return input.pl.map(payload => toPayload(payload, defaultStatus))
}

function toPayload({ meta, data }: Payload__Output, defaultStatus: Status): Payload {
  if (!meta?.name) throw new ServiceError('message_undecodable', 'a payload has no name (Payload.meta.name)')
  const { status: text, ...attributes } = meta.attribute
  const status = toStatus(text, meta.name) ?? defaultStatus
  return { key: meta.name, type: toDataType(meta), status, attributes, data }
}

function toDataType(meta: MetaDesc__Output): DataType {
  const type = DATA_TYPES[meta.dataType]
  if (type === undefined) {
    throw new ServiceError('message_undecodable', `"${meta.name}" has the unknown dataType ${meta.dataType} (0 to 4)`)
  }
  return type
}

function toStatus(text: string | undefined, name: string): Status | undefined {
  if (text === undefined || text === '') return undefined
  const status = Object.values(Status).find(value => String(value) === text)
  if (status === undefined) {
    throw new ServiceError('message_undecodable', `"${name}" has the unknown status "${text}" (0 to 3)`)
  }
  return status
}

function toAccept(meta: MetaDesc__Output): Accept {
  const accept = { name: meta.name, attributes: meta.attribute }
  // 0 is text and also what a caller sends who names no type; the output's own type decides then.
  return meta.dataType === 0 ? accept : { ...accept, type: toDataType(meta) }
}

/** The bytes of the one result of a once call. Golden transcript: its `seq` is always 0. */
export function encodeOnceResult(serviceId: string, result: InferenceResult): Buffer {
  return LoaderOutput.serialize({ serviceId, ...toOutput({ ...result, status: Status.once }, 0) })
}

/** The bytes of the `seq`-th result of a session. Golden transcript: it bears no service's name. */
export function encodeSessionResult(seq: number, result: InferenceResult): Buffer {
  return LoaderOutput.serialize(toOutput(result, seq))
}

/** The bytes that say that a frame was taken. */
export function encodeFrameTaken(serviceId: string): Buffer {
  return LoaderOutput.serialize({ serviceId })
}

/** The bytes that name a resource that was loaded by its id. @param key that of its first payload */
export function encodeResourceLoaded(serviceId: string, key: string, id: string): Buffer {
  return LoaderOutput.serialize({ serviceId, pl: [{ meta: { name: key, attribute: { res_id: id } } }] })
}

/** Golden transcript: the attribute `status` repeats that of the output. */
function toOutput({ status, payloads }: InferenceResult, seq: number): LoaderOutputMessage {
  const pl = payloads.map(({ key, type, attributes, data }) => {
    const attribute = { ...attributes, seq: String(seq), status: String(status) }
    return { meta: { name: key, dataType: typeNumber(type), attribute }, data }
  })
  return { status, pl }
}

function typeNumber(type: DataType): 0 | 1 | 2 | 3 | 4 {
  return DATA_TYPES.indexOf(type) as 0 | 1 | 2 | 3 | 4
}

/** The bytes of a failure. */
export function encodeFailure(failure: XsfFailure): Buffer {
  return LoaderOutput.serialize({ code: failure.code, err: failure.text, status: RespStatus.END })
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
