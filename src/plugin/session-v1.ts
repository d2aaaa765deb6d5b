import type { ServiceError } from '../core/error.js'
import type { Payload } from '../core/payload.js'
import { Turns } from '../core/turns.js'
import type { SessionHandle } from './channel.js'
import { SessionStream } from './session-stream.js'

export interface SessionV1Options {
  readonly onWrite: (payloads: readonly Payload[]) => Promise<void>
  /** Calls wrapperDestroy once wrapperCreate has returned; called once, at whichever end comes first. */
  readonly onDestroy: () => Promise<void>
}

/** A session over plugin protocol 1, where the host destroys it, and does not hear of an end but by a result. */
export class SessionV1 extends SessionStream implements SessionHandle {
  private destroyed = false
  private readonly writes = new Turns()

  constructor(private readonly session: SessionV1Options) {
    super({ onCancel: () => this.close() })
  }

  write(payloads: readonly Payload[]): Promise<void> {
    return this.writes.take(() => this.session.onWrite(payloads))
  }

  override add(payloads: readonly Payload[], last: boolean): void {
    super.add(payloads, last)
    if (last) this.close()
  }

  override fail(error: ServiceError): void {
    this.reject(error)
    this.close()
    this.tellFailure(error)
  }

  close(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.end({})
    // Busy until the wrapper has let go; a plugin that died has.
    void this.session.onDestroy().finally(() => this.finish())
  }
}
