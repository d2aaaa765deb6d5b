import { setTimeout as delay } from 'node:timers/promises'
import { DATA_TYPES } from '../core/payload.js'
import { buildRequest } from './call-request.js'
import { appHeader, authorization, type Credentials, clientIdentity } from './credentials.js'
import { CommandError, ExitCode, usageError } from './exit-codes.js'
import { type ServiceAddress, serviceUrl } from './service-url.js'
import { cutRecording, parseRecording } from './stream-audio.js'
import { encodeFrames } from './stream-frames.js'
import { isLast, parseMessage, showMessage } from './stream-message.js'
import { openSocket, type StreamSocket } from './stream-socket.js'
import type { Terminal } from './terminal.js'
import { type TimeLimited, timeLimit } from './time-limit.js'

export interface StreamOptions extends ServiceAddress, Credentials, TimeLimited {
  /** `-s`, default `svcName`. */
  readonly service?: string
  readonly param?: readonly string[]
  readonly accept?: readonly string[]
  /** Length of a frame in ms, default 40. */
  readonly frameMs?: string
  /** Send each frame when it would have been recorded, instead of at once. */
  readonly realtime?: boolean
  /** Print every message as JSON, as it came. */
  readonly json?: boolean
}

const MAX_FRAME_MS = 10_000

function parseFrameMs(text: string): number {
  const value = Number(text)
  if (value >= 1 && value <= MAX_FRAME_MS) return value
  throw usageError(`--frame-ms: found "${text}", allowed: 1 to ${MAX_FRAME_MS}`)
}

/** What `call` would send at once, to be cut into frames. */
interface OnceRequest {
  readonly parameter: object
  readonly payload: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/** Reads the input and the parameters as `call` does. Throws CommandError for an input that is no recording. */
function readRecording(input: string, service: string, params: readonly string[], accepts: readonly string[]) {
  const { parameter, payload } = buildRequest({ service, inputs: [input], params, accepts }) as OnceRequest
  const [, file] = /^[^=]+=@(?!@)(.*)$/s.exec(input) ?? []
  if (file === undefined) throw usageError(`input: found "${input}", allowed: key=@file`)
  const [[key, content] = ['', {}]] = Object.entries(payload)
  const type = DATA_TYPES.find(candidate => candidate in content) ?? 'other'
  return { key, parameter, recording: parseRecording(file, Buffer.from(String(content[type]), 'base64')) }
}

/** Sends the frames, each `paceMs` after the one before; the plan counts from the first, so that delays do not add up. */
async function sendFrames(socket: StreamSocket, frames: Iterable<string>, paceMs: number, signal: AbortSignal) {
  const begin = performance.now()
  let due = begin
  for (const frame of frames) {
    due += paceMs
    const early = due - performance.now()
    if (paceMs > 0 && early > 0) await delay(early, undefined, { signal })
    // Why the connection is gone is for the one who reads from it to say.
    if (signal.aborted || !(await socket.send(frame))) return
  }
}

async function showMessages(socket: StreamSocket, json: boolean, terminal: Terminal, onLast: () => void) {
  const begin = performance.now()
  let ended = false
  for await (const text of socket.messages) {
    if (ended) continue
    if (json) terminal.out(`${text.trimEnd()}\n`)
    const message = parseMessage(text)
    if (!json) terminal.out(showMessage(message, performance.now() - begin))
    if (!isLast(message)) continue
    ended = true
    onLast()
  }
  if (!ended) {
    const message = `the service closed the connection before the last result (${socket.closing()})`
    throw new CommandError(ExitCode.failed, message)
  }
}

/**
 * `stream key=@file`: sends a recording in frames over a WebSocket and prints the results as they come.
 * @throws CommandError when the file cannot be cut into frames, no daemon answers, or the session ends in an error
 */
export async function stream(input: string, options: StreamOptions, terminal: Terminal): Promise<ExitCode> {
  const { service = 'svcName', param = [], accept = [] } = options
  const { realtime = false, json = false } = options
  const frameMs = parseFrameMs(options.frameMs ?? '40')
  const target = serviceUrl(options, service)
  target.protocol = target.protocol.replace('http', 'ws')
  const { key, parameter, recording } = readRecording(input, service, param, accept)
  const pieces = cutRecording(recording, frameMs)
  const frames = encodeFrames({ key, recording, pieces, parameter, header: appHeader(options) })

  const { headers, waitMs } = timeLimit(options)
  const socket = await openSocket(target, service, {
    headers: { ...authorization(options, terminal.env), ...headers },
    ...clientIdentity(options),
    ...(waitMs !== undefined && { handshakeTimeout: waitMs }),
  })
  const done = new AbortController()
  const finish = () => {
    done.abort()
    socket.close()
  }
  const sending = sendFrames(socket, frames, realtime ? frameMs : 0, done.signal).catch(error => {
    if (!done.signal.aborted) throw error
  })
  try {
    await Promise.all([showMessages(socket, json, terminal, finish), sending])
  } finally {
    done.abort()
    socket.destroy()
  }
  return ExitCode.ok
}
