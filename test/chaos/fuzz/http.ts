import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Ending } from '../account.js'
import type { Random } from '../random.js'
import type { Fuzzer } from './fuzzer.js'
import { mutateBytes, mutateJsonText } from './mutate.js'

/** A request as the OpenAPI document shows it. */
interface Example {
  readonly method: string
  readonly path: string
  /** Undefined: it takes none. */
  readonly body: unknown
}

interface Operation {
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly example?: unknown }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly example?: unknown }>> }
}

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']
const ODD_HEADERS: readonly Readonly<Record<string, string>>[] = [
  { 'content-type': 'text/plain' },
  { 'content-type': 'multipart/form-data; boundary=x' },
  { 'content-type': 'application/json; charset=utf-16' },
  { 'content-encoding': 'gzip' },
  { 'inference-header-content-length': '7' },
  { 'x-request-timeout-ms': '-1' },
  { 'x-priority': '99999999999999999999' },
  { accept: 'text/event-stream' },
  { expect: '100-continue' },
  { authorization: 'Bearer' },
]

/** Every example of the daemon's OpenAPI document, with something wrong in its head, path or body. */
export const fuzzHttp: Fuzzer = {
  name: 'malformed-http',
  async prepare({ http }, random) {
    const examples = await examplesOf(http)
    const agent = new Agent({ keepAlive: true, maxSockets: 16 })
    return {
      send: () =>
        random.below(10) === 0 ? raw(http, random, random.pick(examples)) : parsed(http, agent, random, examples),
      close: () => agent.destroy(),
    }
  },
}

async function examplesOf(http: string): Promise<readonly Example[]> {
  const document = (await (await fetch(`${http}/openapi.json`)).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  }
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody }]) => {
      const filled = parameters
        .filter(parameter => parameter.in === 'path')
        .reduce((text, { name, example }) => text.replace(`{${name}}`, encodeURIComponent(String(example))), path)
      return { method: method.toUpperCase(), path: filled, body: requestBody?.content['application/json']?.example }
    }),
  )
}

async function parsed(http: string, agent: Agent, random: Random, examples: readonly Example[]): Promise<Ending> {
  const example = random.pick(examples)
  const method = random.below(10) === 0 ? random.pick(METHODS) : example.method
  const path = random.below(6) === 0 ? mutatePath(random, example.path) : example.path
  const isEmpty = example.body === undefined && random.below(2) === 0
  const body = isEmpty ? Buffer.alloc(0) : mutateJsonText(random, example.body ?? {})
  const headers = {
    'content-type': 'application/json',
    // Without it Node sends the body of a GET as if it were the next request.
    'content-length': body.length,
    ...(random.below(4) === 0 && random.pick(ODD_HEADERS)),
  }
  return new Promise((resolve, reject) => {
    const client = request(http + path, { method, headers, agent }, async response => {
      resolve(endingOf(`${method} ${path}`, response.statusCode ?? 0, response.headers, await text(response)))
    })
    client.once('error', reject)
    client.end(body)
  })
}

/** Any of these characters can stand in a request line. */
function mutatePath(random: Random, path: string): string {
  const mutated = mutateBytes(random, Buffer.from(path)).toString('latin1')
  return `/${mutated.replace(/[^!-~]/g, () => random.pick(['%zz', '%00', '%ff', '..', '//', ':', '?', '#', '{']))}`
}

/** The bytes of a whole request, changed anywhere; the client says all that it has to say and waits for the end. */
function raw(http: string, random: Random, { method, path, body }: Example): Promise<Ending> {
  const content = JSON.stringify(body ?? {})
  const head = `${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${content.length}\r\n\r\n`
  const { hostname, port } = new URL(http)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.setEncoding('latin1').on('data', piece => {
      answer += piece
    })
    socket.once('close', () => {
      const status = /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]
      // What is cut short is no request that anybody could answer.
      if (status === undefined && answer === '') resolve({ kind: 'cut' })
      else if (status === undefined) resolve({ kind: 'wrong', what: `not HTTP: ${answer.slice(0, 100)}` })
      else resolve(Number(status) < 400 ? { kind: 'correct' } : { kind: 'error', reason: `HTTP ${status}` })
    })
    // A server that has refused the head does not read the rest.
    socket.once('error', error => ((error as NodeJS.ErrnoException).code === 'ECONNRESET' ? undefined : reject(error)))
    socket.end(mutateBytes(random, Buffer.from(head + content)))
  })
}

function endingOf(what: string, status: number, headers: IncomingHttpHeaders, body: string): Ending {
  if (status < 400) return { kind: 'correct' }
  if (headers['content-type']?.startsWith('application/json') && isObject(body)) {
    return { kind: 'error', reason: `HTTP ${status}` }
  }
  return { kind: 'wrong', what: `${what} was answered with ${status} and ${body.slice(0, 200)}` }
}

function isObject(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null
  } catch {
    return false
  }
}
