import type { ServerDuplexStream } from '@grpc/grpc-js'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceService, RequestContext, Session, SessionFrame } from '../../core/inference.js'
import type { InferenceInput__Output } from '../../gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput } from '../../gen/gateway/aiges/v1/InferenceOutput.js'
import { receivedMessages } from '../../rpc/server-call.js'
import { OpenInputs } from '../shared/open-inputs.js'
import { toFramePayloads, toSessionRequest } from './codec.js'

type StreamCall = ServerDuplexStream<InferenceInput__Output, InferenceOutput>

/** A session, and the message that opened it. */
export interface CallSession {
  readonly session: Session
  readonly first: InferenceInput__Output
  readonly ctx: RequestContext
}

/**
 * Opens the session that the call's first message asks for, with its data as the first frame, and from then on writes the
 * call's messages to it, one when the wrapper has taken the one before. What is wrong with a message aborts the session.
 * @param contextOf makes the context of the session from its first message
 * @throws ServiceError `input_missing` when there is no message, `message_undecodable`, or what opening throws
 */
export async function openCallSession(
  inference: InferenceService,
  call: StreamCall,
  signal: AbortSignal,
  contextOf: (first: InferenceInput__Output) => RequestContext,
): Promise<CallSession> {
  const messages = receivedMessages(call, signal)
  const { value: first } = await messages.next()
  if (!first) throw new ServiceError('input_missing', 'the stream ended without a message')
  const ctx = contextOf(first)
  const frames = new Frames()
  const piece = frames.of(first)
  const session = await inference.open({ ...toSessionRequest(first, ctx.sid), ...(piece && { first: piece }) }, ctx)
  const { name: model } = inference.model(first.model)
  writeMessages(session, frames, messages, message => assertSameModel(inference, model, message)).catch(thrown =>
    session.abort(toServiceError(thrown)),
  )
  return { session, first, ctx }
}

/** The messages of a call as frames of its session. */
class Frames {
  private readonly inputs = new OpenInputs()
  private ended = false

  /** Undefined for a message without data. @throws ServiceError `message_undecodable`, `session_ended` */
  of(message: InferenceInput__Output): SessionFrame | undefined {
    if (message.data.length === 0) return undefined
    if (this.ended) throw new ServiceError('session_ended', 'data after the last frame')
    const payloads = toFramePayloads(message, input => this.inputs.has(input))
    this.ended = this.inputs.endedBy(payloads)
    return { payloads, last: this.ended }
  }

  /** What ends the inputs that the client left open. */
  closing(): SessionFrame | undefined {
    return this.ended ? undefined : this.inputs.closingFrame()
  }
}

async function writeMessages(
  session: Session,
  frames: Frames,
  further: AsyncIterable<InferenceInput__Output>,
  check: (message: InferenceInput__Output) => void,
): Promise<void> {
  for await (const message of further) {
    check(message)
    const frame = frames.of(message)
    if (frame && !(await hand(session, frame))) return
  }
  const closing = frames.closing()
  if (closing) await hand(session, closing)
}

/** Resolves with false when the session has ended; its results say how. */
async function hand(session: Session, frame: SessionFrame): Promise<boolean> {
  try {
    await session.write(frame)
    return true
  } catch (thrown) {
    if (thrown instanceof ServiceError && thrown.reason === 'session_ended') return false
    throw thrown
  }
}

function assertSameModel(inference: InferenceService, model: string, message: InferenceInput__Output): void {
  if (message.model === '' || inference.model(message.model).name === model) return
  const text = `the message is for the service "${message.model}", its session belongs to "${model}"`
  throw new ServiceError('schema_violation', text)
}
