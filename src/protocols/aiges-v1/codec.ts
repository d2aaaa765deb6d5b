import { ServiceError } from '../../core/error.js'
import type { InferenceRequest, InferenceResult, SessionRequest } from '../../core/inference.js'
import { type Accept, DATA_TYPES, type DataType, type Payload, Status } from '../../core/payload.js'
import type { Accept__Output } from '../../gen/gateway/aiges/v1/Accept.js'
import type { GeneralData, GeneralData__Output } from '../../gen/gateway/aiges/v1/GeneralData.js'
import type { GlobalRoute } from '../../gen/gateway/aiges/v1/GlobalRoute.js'
import type { InferenceInput__Output } from '../../gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput } from '../../gen/gateway/aiges/v1/InferenceOutput.js'

/**
 * A whole request in the core's words; its data is complete, whatever status it names.
 * @throws ServiceError `input_missing`, `message_undecodable`
 */
export function toInferenceRequest(input: InferenceInput__Output, sid: string): InferenceRequest {
  if (input.data.length === 0) throw new ServiceError('input_missing', 'the request has no data (InferenceInput.data)')
  const payloads = input.data.map(data => toPayload(data, Status.once))
  return { ...toSessionRequest(input, sid), payloads }
}

/** What opens a session. `sid` joins the client's parameters; the rest of the route is not handed to the wrapper. */
export function toSessionRequest(input: InferenceInput__Output, sid: string): SessionRequest {
  return { model: input.model, parameters: { ...input.params, sid }, accepts: input.accepts.map(toAccept) }
}

/**
 * The data of a frame.
 * @param isOpen whether an input has begun and not ended; a further piece of it that says BEGIN continues it
 * @throws ServiceError `message_undecodable`
 */
export function toFramePayloads(input: InferenceInput__Output, isOpen: (input: string) => boolean): Payload[] {
  return input.data.map(data => {
    const status = data.status === Status.begin && isOpen(data.data_id) ? Status.continue : toStatus(data)
    return toPayload(data, status)
  })
}

function toPayload(piece: GeneralData__Output, status: Status): Payload {
  const { data_id: key, frame_id, desc_args, data } = piece
  if (key === '') throw new ServiceError('message_undecodable', 'a piece of data has no name (GeneralData.data_id)')
  const attributes = frame_id === 0 ? desc_args : { ...desc_args, seq: String(frame_id) }
  return { key, type: toDataType(piece.data_type, key), status, attributes, data }
}

// Enums of proto3 are open: a client may send numbers that the types do not show.
function toDataType(number: number, key: string): DataType {
  const type = DATA_TYPES[number]
  if (type !== undefined) return type
  throw new ServiceError('message_undecodable', `"${key}" has the unknown data_type ${number} (0 to 4)`)
}

function toStatus({ status, data_id }: GeneralData__Output): Status {
  if (Object.values<number>(Status).includes(status)) return status
  throw new ServiceError('message_undecodable', `"${data_id}" has the unknown status ${status} (0 to 3)`)
}

function toAccept({ data_id: name, data_type, desc_args: attributes }: Accept__Output): Accept {
  if (name === '') throw new ServiceError('message_undecodable', 'an accept has no name (Accept.data_id)')
  return data_type === undefined ? { name, attributes } : { name, attributes, type: toDataType(data_type, name) }
}

/**
 * A result as a message.
 * @param seq its number in the stream from 1, or 0 when it is the only one
 * @param route for the first message of a call
 */
export function toOutput(
  { status, payloads }: InferenceResult,
  seq: number,
  route: GlobalRoute | null,
): InferenceOutput {
  return { route, status, data: payloads.map(payload => toGeneralData(payload, seq)) }
}

function toGeneralData({ key, type, status, attributes, data }: Payload, seq: number): GeneralData {
  const data_type = DATA_TYPES.indexOf(type) as 0 | 1 | 2 | 3 | 4
  return { data_id: key, frame_id: seq, data_type, status, desc_args: attributes, data }
}
