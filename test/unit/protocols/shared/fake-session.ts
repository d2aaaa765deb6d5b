import { ServiceError } from '../../../../src/core/error.js'
import type { InferenceResult, Session, SessionFrame } from '../../../../src/core/inference.js'
import { type Payload, Status } from '../../../../src/core/payload.js'

type Item = InferenceResult | { readonly error: ServiceError }

/** A session whose results come from a test. What a session does at its end, it does as the core's. */
export class FakeSession implements Session {
  /** Frames as they were written. */
  readonly frames: SessionFrame[] = []
  /** How it ended: with an error, or without one. */
  ended: ServiceError | 'closed' | undefined
  /** Resolves when it has ended. */
  readonly over: Promise<void>
  readonly failed: Promise<ServiceError>
  /** How many results its reader has asked for. */
  asked = 0
  private readonly queue: Item[] = []
  private inputEnded = false
  private wake = () => {}
  private tellOver = () => {}
  private tellFailed: (reason: ServiceError) => void = () => {}

  constructor(private readonly onWrite: (frame: SessionFrame, session: FakeSession) => Promise<void> | void) {
    this.over = new Promise(resolve => {
      this.tellOver = resolve
    })
    this.failed = new Promise(resolve => {
      this.tellFailed = resolve
    })
  }

  async write(frame: SessionFrame): Promise<void> {
    if (this.ended !== undefined) throw this.ended === 'closed' ? new ServiceError('session_ended') : this.ended
    // Frames that are numbered may come after the last one.
    if (this.inputEnded && frame.syncId === undefined) throw new ServiceError('session_ended')
    this.inputEnded ||= frame.last
    this.frames.push(frame)
    await this.onWrite(frame, this)
  }

  readonly results: AsyncIterable<InferenceResult> = { [Symbol.asyncIterator]: () => this.read() }

  /** A result of the wrapper. */
  give(status: Status, ...payloads: Payload[]): void {
    this.queue.push({ status, payloads })
    this.wake()
  }

  close(): void {
    this.ended ??= 'closed'
    this.tellOver()
    this.wake()
  }

  abort(reason: ServiceError): void {
    if (this.ended === undefined) {
      this.ended = reason
      this.queue.push({ error: reason })
      this.tellOver()
      this.tellFailed(reason)
    }
    this.wake()
  }

  private async *read(): AsyncGenerator<InferenceResult> {
    try {
      for (;;) {
        this.asked += 1
        while (this.queue.length === 0 && this.ended === undefined) {
          await new Promise<void>(resolve => {
            this.wake = resolve
          })
        }
        const item = this.queue.shift()
        if (item === undefined) return
        if ('error' in item) throw item.error
        yield item
        if (item.status === Status.end) return
      }
    } finally {
      this.close()
    }
  }
}

/** Answers each frame, in the order of their numbers, with its text in capitals, as the transcripts' test plugin does. */
export function capitals(firstSyncId = 0) {
  const early = new Map<number, SessionFrame>()
  let next = firstSyncId
  return (frame: SessionFrame, session: FakeSession): void => {
    early.set(frame.syncId ?? next, frame)
    for (let due = early.get(next); due !== undefined; due = early.get(next)) {
      next += 1
      const status = due.last ? Status.end : next === firstSyncId + 1 ? Status.begin : Status.continue
      const data = Buffer.from(
        Buffer.concat(due.payloads.map(payload => payload.data))
          .toString()
          .toUpperCase(),
      )
      session.give(status, { key: 'result', type: 'text', status, attributes: { encoding: 'utf8' }, data })
    }
  }
}
