import type { Usage } from '../core/inference.js'
import type { Payload } from '../core/payload.js'
import type { SessionHandle } from './channel.js'
import { FrameWindow } from './frame-window.js'
import type { ResultStreamOptions } from './result-stream.js'
import { SessionStream } from './session-stream.js'
import { dataBytes } from './wire-v2.js'

export interface SessionV2Options extends ResultStreamOptions {
  /** Sends a frame. */
  readonly onWrite: (payloads: readonly Payload[]) => void
  readonly onClose: () => void
}

/** A session over plugin protocol 2; the SDK destroys it at whichever end comes first. */
export class SessionV2 extends SessionStream implements SessionHandle {
  private readonly window = new FrameWindow()
  private closed = false

  constructor(private readonly session: SessionV2Options) {
    super(session)
  }

  async write(payloads: readonly Payload[]): Promise<void> {
    const bytes = dataBytes(payloads)
    if (this.window.enter(bytes) || (await this.window.room(bytes))) this.session.onWrite(payloads)
  }

  /** The wrapper took so many frames. */
  taken(frames: number): void {
    this.window.taken(frames)
  }

  override add(payloads: readonly Payload[], last: boolean, usage?: Usage): void {
    this.created()
    super.add(payloads, last, usage)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.window.close()
    this.session.onClose()
  }

  protected override end(ending: { readonly error?: unknown }): void {
    this.window.close()
    super.end(ending)
  }
}
