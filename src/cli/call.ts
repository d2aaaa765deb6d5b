import { parseAnswer, showOutputs } from './call-answer.js'
import { buildRequest } from './call-request.js'
import { appHeader, authorization, type Credentials } from './credentials.js'
import { CommandError, ExitCode } from './exit-codes.js'
import { type ServiceAddress, serviceUrl } from './service-url.js'
import type { Terminal } from './terminal.js'

export interface CallOptions extends ServiceAddress, Credentials {
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

/** The system's error codes lie one or two causes down in what fetch throws. */
function systemCode(error: unknown): string | undefined {
  const cause = error instanceof Error ? (error.cause as NodeJS.ErrnoException | undefined) : undefined
  return cause?.code
}

async function post(url: URL, service: string, body: object, credentials: Record<string, string>): Promise<Response> {
  try {
    const headers = { 'content-type': 'application/json', ...credentials }
    return await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) })
  } catch (cause) {
    if (systemCode(cause) !== 'ECONNREFUSED') {
      const why = cause instanceof Error ? String(cause.cause ?? cause) : String(cause)
      throw new CommandError(ExitCode.failed, `no answer from ${url.origin}: ${why}`, { cause })
    }
    const message = `no daemon runs at ${url.origin} (connection refused)
start one with: aiservice -m 0 -c aiges.toml -s ${service}
or name another address with -u URL`
    throw new CommandError(ExitCode.failed, message, { cause })
  }
}

/**
 * `call key=value …`: sends one once request to a running service and prints its answer.
 * @throws CommandError when no daemon answers, or the answer is an error
 */
export async function call(inputs: readonly string[], options: CallOptions, terminal: Terminal): Promise<ExitCode> {
  const { service = 'svcName', param = [], accept = [], output, json = false } = options
  const target = serviceUrl(options, service)
  const body = buildRequest({ service, inputs, params: param, accepts: accept, header: appHeader(options) })
  const response = await post(target, service, body, authorization(options, terminal.env))
  const text = await response.text()
  const answer = parseAnswer(text)
  if (answer === undefined) {
    const shown = text.slice(0, MAX_SHOWN_BODY)
    throw new CommandError(
      ExitCode.failed,
      `${target} answered HTTP ${response.status}, and not with ASE JSON: ${shown}`,
    )
  }
  if (json) terminal.out(`${text.trimEnd()}\n`)
  const { code, message = 'no message', sid = 'unknown' } = answer.header
  if (code !== 0) throw new CommandError(ExitCode.failed, `error ${code}: ${message} (sid ${sid})`)
  if (!json) terminal.out(showOutputs(answer, output))
  return ExitCode.ok
}
