import type { Payload } from '../core/payload.js'
import { abortReason, type OnceCall } from './channel.js'

/**
 * A once call that waits for its results. It settles as soon as its signal aborts, but stays busy until the wrapper
 * has answered: what cannot be interrupted still occupies the plugin.
 */
export class PendingCall implements OnceCall {
  readonly result: Promise<readonly Payload[]>
  private readonly payloads: Payload[] = []
  private busy = true
  private idleListener: (() => void) | undefined
  private resolve!: (payloads: readonly Payload[]) => void
  /** Fails the call for its client; the plugin is still busy with it. */
  reject!: (error: unknown) => void

  /** @param onAbort tells the plugin that nobody waits any more */
  constructor(
    private readonly signal: AbortSignal,
    private readonly onAbort: () => void,
  ) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
    signal.addEventListener('abort', this.aborted)
  }

  private readonly aborted = () => {
    this.reject(abortReason(this.signal))
    this.onAbort()
  }

  add(payloads: readonly Payload[]): void {
    for (const payload of payloads) this.payloads.push(payload)
  }

  /** The wrapper has answered for the last time. */
  finish(): void {
    this.settle(() => this.resolve(this.payloads))
  }

  /** The wrapper, or the connection to it, has failed. */
  fail(error: unknown): void {
    this.settle(() => this.reject(error))
  }

  whenIdle(listener: () => void): void {
    if (this.busy) this.idleListener = listener
    else listener()
  }

  private settle(answer: () => void): void {
    if (!this.busy) return
    this.busy = false
    this.signal.removeEventListener('abort', this.aborted)
    answer()
    this.idleListener?.()
  }
}
