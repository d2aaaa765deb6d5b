import { once } from 'node:events'
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import { parseAnswer, showOutputs } from './call-answer.js'
import { buildRequest } from './call-request.js'
import { appHeader, authorization, type Credentials, clientIdentity } from './credentials.js'
import { CommandError, ExitCode } from './exit-codes.js'
import { type ServiceAddress, serviceUrl } from './service-url.js'
import type { Terminal } from './terminal.js'
import { type TimeLimited, timeLimit } from './time-limit.js'

export interface CallOptions extends ServiceAddress, Credentials, TimeLimited {
  /** `-s`, default `svcName`. */
  readonly service?: string
  readonly param?: readonly string[]
  readonly accept?: readonly string[]
  /** `-o`: folder for outputs that are no text. */
  readonly output?: string
  /** Print the answer as JSON, as it came. */
  readonly json?: boolean
}

const MAX_SHOWN_BODY = 300

interface Posted {
  readonly status: number | undefined
  readonly text: string
}

/** Not by fetch, which shows no certificate. */
async function post(url: URL, service: string, body: object, options: RequestOptions): Promise<Posted> {
  try {
    const send = url.protocol === 'https:' ? httpsRequest : httpRequest
    const request = send(url, { method: 'POST', ...options })
    // A daemon may refuse a body before it has read it, and close: what it answered counts then, not that nobody took the rest.
    request.on('error', () => {})
    request.end(JSON.stringify(body))
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return { status: response.statusCode, text: await text(response) }
  } catch (cause) {
    if (options.signal?.aborted) {
      throw new CommandError(ExitCode.failed, `no answer from ${url.origin} in time (--timeout)`, { cause })
    }
    if ((cause as NodeJS.ErrnoException).code !== 'ECONNREFUSED') {
      throw new CommandError(ExitCode.failed, `no answer from ${url.origin}: ${cause}`, { cause })
    }
    const message = `no daemon runs at ${url.origin} (connection refused)
start one with: aiservice -m 0 -c aiges.toml -s ${service}
or name another address with -u URL`
    throw new CommandError(ExitCode.failed, message, { cause })
  }
}

/**
 * `call key=value …`: sends one once request to a running service and prints its answer.
 * @throws CommandError when no daemon answers, or not in time, or the answer is an error
 */
export async function call(inputs: readonly string[], options: CallOptions, terminal: Terminal): Promise<ExitCode> {
  const { service = 'svcName', param = [], accept = [], output, json = false } = options
  const target = serviceUrl(options, service)
  const body = buildRequest({ service, inputs, params: param, accepts: accept, header: appHeader(options) })
  const { headers: limit, waitMs } = timeLimit(options)
  const headers = { 'content-type': 'application/json', ...authorization(options, terminal.env), ...limit }
  const signal = waitMs === undefined ? {} : { signal: AbortSignal.timeout(waitMs) }
  const { status, text } = await post(target, service, body, { headers, ...clientIdentity(options), ...signal })
  const answer = parseAnswer(text)
  if (answer === undefined) {
    const shown = text.slice(0, MAX_SHOWN_BODY)
    throw new CommandError(ExitCode.failed, `${target} answered HTTP ${status}, and not with ASE JSON: ${shown}`)
  }
  if (json) terminal.out(`${text.trimEnd()}\n`)
  const { code, message = 'no message', sid = 'unknown' } = answer.header
  if (code !== 0) throw new CommandError(ExitCode.failed, `error ${code}: ${message} (sid ${sid})`)
  if (!json) terminal.out(showOutputs(answer, output))
  return ExitCode.ok
}
