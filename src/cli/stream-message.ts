import { DATA_TYPES, type DataType, Status } from '../core/payload.js'
import { type AseAnswer, parseAnswer } from './call-answer.js'
import { CommandError, ExitCode } from './exit-codes.js'

/** ASE's answer with the status that a session's messages have. */
interface SessionMessage extends AseAnswer {
  readonly header: AseAnswer['header'] & { readonly status?: number }
}

/**
 * Reads a message of the service.
 * @throws CommandError for an error of the service, and for what is no ASE message
 */
export function parseMessage(text: string): SessionMessage {
  const message: SessionMessage | undefined = parseAnswer(text)
  if (message === undefined)
    throw new CommandError(ExitCode.failed, `the service sent something else than ASE: ${text}`)
  const { code, message: why = 'no message', sid = 'unknown' } = message.header
  if (code !== 0) throw new CommandError(ExitCode.failed, `error ${code}: ${why} (sid ${sid})`)
  return message
}

/** Whether a message is the last of its session. */
export const isLast = ({ header }: SessionMessage) => header.status === Status.end || header.status === Status.once

/** Texts are base64 in a session, except JSON that was asked for as such. */
function showText(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString() : JSON.stringify(value)
}

function showOutput(name: string, output: Readonly<Record<string, unknown>>): string {
  const type = DATA_TYPES.find((candidate: DataType) => candidate in output)
  if (type === undefined) return `${name}: (no data)`
  if (type === 'text') return `${name}: ${showText(output[type])}`
  return `${name}: ${type}, ${Buffer.from(String(output[type]), 'base64').length} bytes`
}

/**
 * A line for each output of a message; one without outputs has none, unless it is the last.
 * @param atMs ms since the first frame was sent
 */
export function showMessage(message: SessionMessage, atMs: number): string {
  const seconds = (atMs / 1000).toFixed(2).padStart(6)
  const kind = isLast(message) ? 'final  ' : 'partial'
  const outputs = Object.entries(message.payload ?? {})
  if (outputs.length === 0 && isLast(message)) return `${seconds} s  ${kind}  (the result holds no output)\n`
  return outputs.map(([name, output]) => `${seconds} s  ${kind}  ${showOutput(name, output)}\n`).join('')
}
