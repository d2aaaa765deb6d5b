import { readFileSync } from 'node:fs'
import { Status } from '../core/payload.js'
import { guessType } from './data-type.js'
import { CommandError, ExitCode, usageError } from './exit-codes.js'

export interface CallInputs {
  /** Name of the service. */
  readonly service: string
  /** `key=text`, `key=@file`, or `key=@@text` for a text that begins with an at sign. */
  readonly inputs: readonly string[]
  /** `name=value` of each `--param`. */
  readonly params: readonly string[]
  /** Names of the outputs to ask for; none asks for all. */
  readonly accepts: readonly string[]
  /** What the header has beside its status. */
  readonly header?: object
}

function splitPair(pair: string, what: string): readonly [key: string, value: string] {
  const at = pair.indexOf('=')
  if (at < 1) throw usageError(`${what}: found "${pair}", allowed: name=value`)
  return [pair.slice(0, at), pair.slice(at + 1)]
}

function readInput(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'there is no such file' : String(cause)
    throw new CommandError(ExitCode.usage, `cannot read ${file}: ${why}`, { cause })
  }
}

/** The payload of one input, base64 under the key that names its type, as ASE has it. */
function encodeInput(value: string): object {
  if (!value.startsWith('@') || value.startsWith('@@')) {
    const text = value.startsWith('@') ? value.slice(1) : value
    return { encoding: 'utf8', status: Status.once, text: Buffer.from(text).toString('base64') }
  }
  const file = value.slice(1)
  const data = readInput(file)
  const { type, encoding } = guessType(file, data)
  return { ...(encoding && { encoding }), status: Status.once, [type]: data.toString('base64') }
}

/** A parameter's value: numbers and truth values as such, JSON strings unquoted, anything else as text. */
function parseParameter(value: string): string | number | boolean {
  if (value === 'true' || value === 'false') return value === 'true'
  if (value !== '' && String(Number(value)) === value && Number.isFinite(Number(value))) return Number(value)
  const quoted = /^"(?<text>.*)"$/s.exec(value)
  return quoted?.groups?.['text'] ?? value
}

/**
 * Builds the body of an ASE once request.
 * @throws CommandError for an argument that is no name=value, and a file that cannot be read
 */
export function buildRequest({ service, inputs, params, accepts, header }: CallInputs): object {
  const parameters = params.map(pair => splitPair(pair, '--param')).map(([key, value]) => [key, parseParameter(value)])
  const payload = inputs.map(pair => splitPair(pair, 'input')).map(([key, value]) => [key, encodeInput(value)])
  return {
    header: { ...header, status: Status.once },
    parameter: {
      [service]: { ...Object.fromEntries(parameters), ...Object.fromEntries(accepts.map(name => [name, {}])) },
    },
    payload: Object.fromEntries(payload),
  }
}
