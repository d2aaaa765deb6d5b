import type { WrapperResult } from '../core/backend.js'
import type { ServiceError } from '../core/error.js'
import type { Usage } from '../core/inference.js'
import type { Payload } from '../core/payload.js'
import { BusyFlag } from './busy-flag.js'
import type { OnceCall, ResultSink } from './channel.js'

/**
 * A once call that waits for its results. It settles as soon as it is cancelled, but stays busy until the wrapper has
 * answered: what cannot be interrupted still occupies the plugin.
 */
export class PendingCall implements OnceCall, ResultSink {
  begun = false
  readonly result: Promise<WrapperResult>
  reject!: (error: unknown) => void
  private resolve!: (result: WrapperResult) => void
  private readonly payloads: Payload[] = []
  private usage: Usage | undefined
  private readonly busy = new BusyFlag()

  /** @param onCancel tells the plugin that nobody waits any more */
  constructor(private readonly onCancel: (reason: ServiceError) => void) {
    this.result = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  add(payloads: readonly Payload[], _last: boolean, usage?: Usage): void {
    if (usage) this.usage = usage
    for (const payload of payloads) this.payloads.push(payload)
  }

  cancel(reason: ServiceError): void {
    if (!this.busy.isSet) return
    this.reject(reason)
    this.onCancel(reason)
  }

  finish(): void {
    const { payloads, usage } = this
    this.resolve({ payloads, last: true, ...(usage && { usage }) })
    this.busy.clear()
  }

  fail(error: unknown): void {
    this.reject(error)
    this.busy.clear()
  }

  whenIdle(listener: () => void): void {
    this.busy.whenClear(listener)
  }
}
