import type { ServiceError } from '../core/error.js'
import type { Payload } from '../core/payload.js'
import type { OnceCall } from './channel.js'

/**
 * A once call that waits for its results. It settles as soon as it is cancelled, but stays busy until the wrapper has
 * answered: what cannot be interrupted still occupies the plugin.
 */
export class PendingCall implements OnceCall {
  readonly result: Promise<readonly Payload[]>
  /** Fails the call for its client; the plugin is still busy with it. */
  reject!: (error: unknown) => void
  private resolve!: (payloads: readonly Payload[]) => void
  private readonly payloads: Payload[] = []
  private busy = true
  private idleListener: (() => void) | undefined

  /** @param onCancel tells the plugin that nobody waits any more */
  constructor(private readonly onCancel: (reason: ServiceError) => void) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  add(payloads: readonly Payload[]): void {
    for (const payload of payloads) this.payloads.push(payload)
  }

  cancel(reason: ServiceError): void {
    if (!this.busy) return
    this.reject(reason)
    this.onCancel(reason)
  }

  /** The wrapper has answered for the last time. */
  finish(): void {
    this.resolve(this.payloads)
    this.settle()
  }

  /** The wrapper, or the connection to it, has failed. */
  fail(error: unknown): void {
    this.reject(error)
    this.settle()
  }

  whenIdle(listener: () => void): void {
    if (this.busy) this.idleListener = listener
    else listener()
  }

  private settle(): void {
    if (!this.busy) return
    this.busy = false
    this.idleListener?.()
  }
}
