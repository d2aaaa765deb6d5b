import { OPENAI_ERRORS } from '../../src/protocols/openai/error-map.js'
import { HTTP_STATUS } from '../../src/protocols/shared/http-status.js'
import { type FrontEnd, MODEL, type ScenarioRequest } from './scenario-front-end.js'

interface ErrorBody {
  readonly error?: { readonly type: string; readonly code: string }
}

interface Completion extends ErrorBody {
  readonly choices?: readonly [{ readonly message: { readonly content: string } }]
}

interface Chunk extends ErrorBody {
  readonly choices?: readonly [{ readonly delta: { readonly content?: string } }]
}

export const openAiWhole: FrontEnd = {
  name: 'OpenAI chat',
  protocol: 'openai',
  async send({ http }, request, signal) {
    const response = await post(http, request, false, signal)
    const { error, choices } = (await response.json()) as Completion
    if (error !== undefined) return { text: '', failure: { ...nameOf(error), http: response.status } }
    return { text: choices?.[0].message.content ?? '' }
  },
  renders: reason => ({ ...OPENAI_ERRORS[reason], http: HTTP_STATUS[reason] }),
}

/** An error before the first chunk is an ordinary answer, a later one an event; both have type and code. */
export const openAiStream: FrontEnd = {
  name: 'OpenAI chat stream',
  protocol: 'openai',
  async send({ http }, request, signal) {
    const response = await post(http, request, true, signal)
    const body = await response.text()
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    const chunks = isStream ? [...body.matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => json) : [body]
    const parsed = chunks.map(json => JSON.parse(json) as Chunk)
    const text = parsed.map(({ choices }) => choices?.[0]?.delta.content ?? '').join('')
    const error = parsed.find(chunk => chunk.error !== undefined)?.error
    return error === undefined ? { text } : { text, failure: nameOf(error) }
  },
  renders: reason => ({ ...OPENAI_ERRORS[reason] }),
}

function nameOf({ type, code }: NonNullable<ErrorBody['error']>) {
  return { type, code }
}

function post(http: string, { model = MODEL, text, fault }: ScenarioRequest, stream: boolean, signal: AbortSignal) {
  const messages = text === undefined ? [] : [{ role: 'user', content: text }]
  const body = JSON.stringify({ model, messages, stream, ...(fault && { fault }) })
  return fetch(`${http}/openai/v1/chat/completions`, { method: 'POST', body, signal })
}
