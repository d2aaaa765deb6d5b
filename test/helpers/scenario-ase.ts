import { ASE_ERRORS } from '../../src/protocols/ase/error-map.js'
import { type FrontEnd, MODEL, type Outcome, type ScenarioRequest } from './scenario-front-end.js'
import { openRawWebSocket, type RawWebSocket, UpgradeRefused } from './scenario-web-socket.js'

interface AseAnswer {
  readonly header: { readonly code: number; readonly status?: number }
  readonly payload?: { readonly result?: { readonly text: string } } | null
}

export const aseHttp: FrontEnd = {
  name: 'ASE HTTP',
  protocol: 'ase',
  async send({ http }, request, signal) {
    const response = await post(http, request, signal)
    const { header, payload } = (await response.json()) as AseAnswer
    if (header.code !== 0) return { text: '', failure: { code: header.code, http: response.status } }
    return { text: payload?.result?.text ?? '' }
  },
  renders: reason => ({ ...ASE_ERRORS[reason] }),
}

/** An error before the first event is an ordinary answer, a later one an event; both have the code. */
export const aseEvents: FrontEnd = {
  name: 'ASE SSE',
  protocol: 'ase-sse',
  async send({ http }, request, signal) {
    const response = await post(http, request, signal, { accept: 'text/event-stream' })
    const body = await response.text()
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream')
    const answers = isStream ? body.matchAll(/^data: (.*)$/gm) : [['', body]]
    return collect([...answers].map(([, json = '']) => JSON.parse(json)))
  },
  renders: reason => ({ code: ASE_ERRORS[reason].code }),
}

export const aseWebSocket: FrontEnd = {
  name: 'ASE WebSocket',
  protocol: 'ase-websocket',
  async send({ http }, request, signal) {
    let client: RawWebSocket
    try {
      client = await openRawWebSocket(http, pathOf(request))
    } catch (error) {
      if (error instanceof UpgradeRefused) return collect([JSON.parse(error.body)])
      throw error
    }
    const leave = () => client.socket.terminate()
    signal.addEventListener('abort', leave)
    // It may have been given up while it connected.
    if (signal.aborted) leave()
    try {
      client.socket.send(JSON.stringify(bodyOf(request, 2)))
      const answers: AseAnswer[] = []
      for (let over = false; !over; ) {
        const answer = JSON.parse(await client.next()) as AseAnswer
        answers.push(answer)
        over = answer.header.code !== 0 || answer.header.status === 2
      }
      return collect(answers, text => Buffer.from(text, 'base64').toString())
    } finally {
      signal.removeEventListener('abort', leave)
      leave()
    }
  },
  renders: reason => ({ code: ASE_ERRORS[reason].code }),
}

function post(http: string, request: ScenarioRequest, signal: AbortSignal, headers = {}): Promise<Response> {
  return fetch(http + pathOf(request), { method: 'POST', headers, body: JSON.stringify(bodyOf(request, 3)), signal })
}

const pathOf = ({ model = MODEL }: ScenarioRequest) => `/v1/${model}`

function bodyOf({ model = MODEL, text, fault }: ScenarioRequest, status: number): unknown {
  const result = { encoding: 'utf8', data_type: 'text' }
  return {
    header: { status },
    parameter: { [model]: { result, ...(fault && { fault }) } },
    ...(text !== undefined && { payload: { txt: { status, text: Buffer.from(text).toString('base64') } } }),
  }
}

function collect(answers: readonly AseAnswer[], decode = (text: string) => text): Outcome {
  const text = answers.map(({ payload }) => decode(payload?.result?.text ?? '')).join('')
  const failed = answers.find(({ header }) => header.code !== 0)
  return failed === undefined ? { text } : { text, failure: { code: failed.header.code } }
}
