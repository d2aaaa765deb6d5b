import { EDGEBOARD_CODES } from '../../src/protocols/edgeboard/error-map.js'
import type { FrontEnd, Outcome, ScenarioRequest } from './scenario-front-end.js'

/** The number of the model that every scenario daemon has, and one that it has not. */
export const MID = 7
const NO_MID = 999

/** What was found in a picture, or why nothing was. */
interface Findings {
  readonly code?: number
  readonly result?: readonly { readonly label: string }[]
}

interface EdgeBoardAnswer {
  readonly code: number
  readonly data?: Findings | readonly Findings[]
}

/** The picture is the text: the scenario wrapper finds its letters in it. */
export const edgeBoardBase64: FrontEnd = {
  name: 'EdgeBoard base64',
  protocol: 'edgeboard',
  send({ http }, request, signal) {
    const image = request.text === undefined ? undefined : Buffer.from(request.text).toString('base64')
    return post(`${http}/api/model/service/base64${query(request, midOf(request))}`, JSON.stringify({ image }), signal)
  },
  renders: reason => ({ code: EDGEBOARD_CODES[reason] }),
}

/** One model in a request for several: it fails alone, but what the front-end refuses fails the request. */
export const edgeBoardMultipart: FrontEnd = {
  name: 'EdgeBoard multipart',
  protocol: 'edgeboard',
  send({ http }, request, signal) {
    const form = new FormData()
    form.set('mids', `[${midOf(request)}]`)
    if (request.text !== undefined) form.set('file', new Blob([request.text]), 'picture')
    return post(`${http}/api/model/service/multipart${query(request)}`, form, signal)
  },
  renders: reason => ({ code: EDGEBOARD_CODES[reason] }),
}

function midOf({ model }: ScenarioRequest): number {
  return model === undefined ? MID : NO_MID
}

function query({ fault }: ScenarioRequest, mid?: number): string {
  const members = { ...(mid !== undefined && { mid: String(mid) }), ...(fault !== undefined && { fault }) }
  return `?${new URLSearchParams(members)}`
}

async function post(url: string, content: string | FormData, signal: AbortSignal): Promise<Outcome> {
  // A form that is sent as it is made has no length, and a client that still sends may miss a refusal.
  const encoded = new Response(content)
  const headers = { 'content-type': encoded.headers.get('content-type') ?? '' }
  const body = await encoded.arrayBuffer()
  const answer = (await (await fetch(url, { method: 'POST', headers, body, signal })).json()) as EdgeBoardAnswer
  const [findings] = [answer.data ?? {}].flat()
  const code = answer.code || findings?.code
  if (code) return { text: '', failure: { code } }
  return { text: findings?.result?.map(({ label }) => label).join('') ?? '' }
}
