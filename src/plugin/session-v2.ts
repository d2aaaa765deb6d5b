import type { Payload } from '../core/payload.js'
import type { SessionHandle } from './channel.js'
import { ResultStream, type ResultStreamOptions } from './result-stream.js'

export interface SessionV2Options extends ResultStreamOptions {
  /** Sends a frame; resolves when the plugin takes more. */
  readonly onWrite: (payloads: readonly Payload[]) => Promise<void>
  readonly onClose: () => void
}

/** A session over plugin protocol 2; the SDK destroys it at whichever end comes first. */
export class SessionV2 extends ResultStream implements SessionHandle {
  private closed = false

  constructor(private readonly session: SessionV2Options) {
    super(session)
  }

  write(payloads: readonly Payload[]): Promise<void> {
    return this.session.onWrite(payloads)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.session.onClose()
  }
}
