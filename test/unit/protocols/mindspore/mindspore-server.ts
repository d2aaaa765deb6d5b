import type { MethodInfo, ModelInfo } from '../../../../src/core/model.js'
import { type Payload, Status, type TensorInfo } from '../../../../src/core/payload.js'
import { mindSporeFrontEnd } from '../../../../src/protocols/mindspore/routes.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { type FakeInference, mnistSchema } from '../shared/fake-inference.js'
import { type FrontEndServer, frontEndServer } from '../shared/front-end-server.js'

/** An HTTP server with nothing but the MindSpore front-end. */
export function mindSporeServer(inference: FakeInference, basePath = '/'): FrontEndServer {
  return frontEndServer(inference, parts => [mindSporeFrontEnd({ ...parts, basePath })])
}

/** Sends a request body as it stands, or an object as JSON. */
export async function post(inference: FakeInference, url: string, payload: unknown) {
  const { server } = mindSporeServer(inference)
  const body = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const { statusCode, body: answer, headers } = await server.inject({ method: 'POST', url, payload: body })
  return { http: statusCode, body: JSON.parse(answer), text: answer, headers }
}

export const ADD: MethodInfo = {
  name: 'add',
  inputs: [
    { name: 'x1', datatype: 'FP32', shape: [-1, 2], optional: false },
    { name: 'x2', datatype: 'FP32', shape: [-1, 2], optional: false },
    { name: 'label', datatype: 'BYTES', shape: [1], optional: true },
  ],
  outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }].map(spec => ({ ...spec, optional: false })),
}

const CHAT_ONLY = { once: false, streamingOutput: true, sessions: false, chat: true, resources: false }

/** A model without a word about its inputs, one with a schema, one with methods, one that only chats, and one that is not ready. */
export function servedModels(): ModelInfo[] {
  return [
    modelInfoOf('plain', { version: '3' }),
    modelInfoOf('mnist', { schema: mnistSchema() }),
    modelInfoOf('math', { version: '2', methods: [ADD, { name: 'open', inputs: [], outputs: [] }] }),
    modelInfoOf('chat', { abilities: CHAT_ONLY }),
    modelInfoOf('down', { readiness: { ready: false, why: 'it starts' } }),
  ]
}

/** An output of a wrapper. */
export function output(key: string, data: Uint8Array, more: Partial<Payload> = {}): Payload {
  return { key, type: 'other', status: Status.once, attributes: {}, data, ...more }
}

export function tensorOutput(key: string, data: Uint8Array, tensor: TensorInfo): Payload {
  return output(key, data, { tensor })
}
