import { Agent, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { aseHttp } from '../helpers/scenario-ase.js'
import { type FrontEnd, MODEL } from '../helpers/scenario-front-end.js'

interface Answer {
  readonly header: { readonly code: number }
  readonly payload?: { readonly result?: { readonly text: string } } | null
}

/**
 * ASE over HTTP for loads: cheaper than `fetch`, and with so many connections at most; further requests wait for one.
 * They end with the process.
 */
export function createAseClient(connections: number): FrontEnd {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  return {
    ...aseHttp,
    async send({ http }, { text: input = '' }) {
      const payload = { txt: { status: 3, text: Buffer.from(input).toString('base64') } }
      const parameter = { [MODEL]: { result: { encoding: 'utf8', data_type: 'text' } } }
      const body = JSON.stringify({ header: { status: 3 }, parameter, payload })
      const { status, answer } = await post(`${http}/v1/${MODEL}`, agent, body)
      const { header, payload: output } = JSON.parse(answer) as Answer
      if (header.code !== 0) return { text: '', failure: { code: header.code, http: status } }
      return { text: output?.result?.text ?? '' }
    },
  }
}

function post(url: string, agent: Agent, body: string): Promise<{ status: number; answer: string }> {
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const client = request(url, { method: 'POST', agent, headers }, response => {
      text(response).then(answer => resolve({ status: response.statusCode ?? 0, answer }), reject)
    })
    client.once('error', reject)
    client.end(body)
  })
}
