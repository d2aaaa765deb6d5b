// Streamed answers as server-sent events, as ASE defines them.
import { Agent, request } from 'node:http'
import { CHUNK } from './chunk.mjs'

/** Requests of one client use one connection. */
export async function connect({ http }) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const url = new URL(`${http}/v1/svcName`)
  return { stream: (task, onChunk) => stream(url, agent, task, onChunk), close: () => agent.destroy() }
}

function bodyOf({ count, pauseUs }) {
  const result = { encoding: 'utf8', compress: 'raw', format: 'plain', data_type: 'text' }
  return JSON.stringify({
    header: { appid: '123456', status: 3 },
    parameter: { svcName: { count: String(count), pauseUs: String(pauseUs), result } },
    payload: { txt: { encoding: 'utf8', status: 3, text: CHUNK.toString('base64') } },
  })
}

function stream(url, agent, task, onChunk) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', accept: 'text/event-stream' }
    const sent = request(url, { method: 'POST', agent, headers }, response => {
      if (response.statusCode !== 200) reject(new Error(`answered with status ${response.statusCode}`))
      let rest = ''
      response.on('data', bytes => {
        const events = (rest + bytes.latin1Slice()).split('\n\n')
        rest = events.pop()
        for (const event of events) take(event, onChunk, reject)
      })
      response.once('end', resolve).once('error', reject)
    })
    sent.once('error', reject)
    sent.end(bodyOf(task))
  })
}

function take(event, onChunk, reject) {
  if (event.startsWith(':')) return
  if (!event.startsWith('data: ')) {
    reject(new Error(event))
    return
  }
  const { payload } = JSON.parse(event.slice(6))
  if (payload?.result?.text) onChunk(payload.result.text)
}
