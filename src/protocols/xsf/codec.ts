import { ServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceResult } from '../../core/inference.js'
import { type Accept, DATA_TYPES, type DataType, type Payload, Status } from '../../core/payload.js'
import type { ProtoGrpcType } from '../../gen/gateway/loader.js'
import type { LoaderInput__Output } from '../../gen/gateway/protocol/LoaderInput.js'
import { _protocol_LoaderOutput_RespStatus as RespStatus } from '../../gen/gateway/protocol/LoaderOutput.js'
import type { MetaDesc__Output } from '../../gen/gateway/protocol/MetaDesc.js'
import type { Payload__Output } from '../../gen/gateway/protocol/Payload.js'
import { loadProto } from '../../rpc/proto.js'
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
 * The request in the core's words. `sid` joins the client's parameters; headers are not handed to the wrapper.
 * @throws ServiceError `input_missing` or `message_undecodable`
 */
export function toInferenceRequest(input: LoaderInput__Output, sid: string): InferenceRequest {
  if (input.pl.length === 0) throw new ServiceError('input_missing', 'the request has no payload (LoaderInput.pl)')
  return {
    model: input.serviceId,
    parameters: { ...input.params, sid },
    payloads: input.pl.map(toPayload),
    accepts: input.expect.map(toAccept),
  }
}

function toPayload({ meta, data }: Payload__Output): Payload {
  if (!meta?.name) throw new ServiceError('message_undecodable', 'a payload has no name (Payload.meta.name)')
  const { status, ...attributes } = meta.attribute
  return { key: meta.name, type: toDataType(meta), status: toStatus(status, meta.name), attributes, data }
}

function toDataType(meta: MetaDesc__Output): DataType {
  const type = DATA_TYPES[meta.dataType]
  if (type === undefined) {
    throw new ServiceError('message_undecodable', `"${meta.name}" has the unknown dataType ${meta.dataType} (0 to 4)`)
  }
  return type
}

function toStatus(text: string | undefined, name: string): Status {
  if (text === undefined || text === '') return Status.once
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
  return LoaderOutput.serialize({
    serviceId,
    status: RespStatus.ONCE,
    pl: result.payloads.map(({ key, type, attributes, data }) => ({
      meta: {
        name: key,
        dataType: typeNumber(type),
        attribute: { ...attributes, seq: '0', status: String(Status.once) },
      },
      data,
    })),
  })
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
