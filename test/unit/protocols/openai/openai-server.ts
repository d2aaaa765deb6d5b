import type { InferenceResult } from '../../../../src/core/inference.js'
import type { ModelInfo } from '../../../../src/core/model.js'
import { type Payload, Status } from '../../../../src/core/payload.js'
import { openAiFrontEnd } from '../../../../src/protocols/openai/routes.js'
import { type FakeInference, modelInfo } from '../shared/fake-inference.js'
import { type FrontEndServer, frontEndServer } from '../shared/front-end-server.js'

export const CHAT = { method: 'POST', url: '/openai/v1/chat/completions' } as const

/** A request that asks for nothing special. */
export const HELLO = { model: 'bot', messages: [{ role: 'user', content: 'hello' }] }

/** An HTTP server with nothing but the OpenAI front-end. */
export function openAiServer(inference: FakeInference): FrontEndServer {
  return frontEndServer(inference, parts => [openAiFrontEnd({ ...parts, basePath: '/openai/v1' })])
}

export function chatModel(name = 'bot'): ModelInfo {
  const abilities = { once: false, streamingOutput: true, sessions: false, chat: true, resources: false }
  return { ...modelInfo(name), abilities }
}

/** A piece of an answer as a wrapper gives it. */
export function said(data: string | Uint8Array, attributes: Record<string, string> = {}): InferenceResult {
  const payload: Payload = { key: 'content', type: 'text', status: Status.once, attributes, data: Buffer.from(data) }
  return { status: Status.continue, payloads: [payload] }
}

/** What a wrapper gives, piece by piece. */
export function saying(inference: FakeInference, ...results: readonly (InferenceResult | Error)[]): FakeInference {
  inference.results = async function* () {
    for (const result of results) {
      if (result instanceof Error) throw result
      yield result
    }
  }
  return inference
}

/** The data of the events of a stream; the last one as text. */
export function eventsOf(body: string): unknown[] {
  return body
    .split('\n\n')
    .filter(event => event !== '')
    .map(event => {
      const data = event.replace(/^data: /, '')
      return data.startsWith('{') ? JSON.parse(data) : data
    })
}
