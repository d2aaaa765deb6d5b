import type { SessionFrame } from '../../core/inference.js'
import { type DataType, type Payload, Status } from '../../core/payload.js'

/**
 * Which inputs of a session have begun and not ended, for protocols whose frames do not say themselves which is the
 * last: it is the one after which no input is open any more.
 */
export class OpenInputs {
  readonly #open = new Map<string, DataType>()

  /** Takes note of a frame, and says whether it is the last. One without payloads never is. */
  endedBy(payloads: readonly Payload[]): boolean {
    for (const { key, type, status } of payloads) {
      if (isLast(status)) this.#open.delete(key)
      else this.#open.set(key, type)
    }
    return payloads.length > 0 && this.#open.size === 0
  }

  has(key: string): boolean {
    return this.#open.has(key)
  }

  /** The frame that ends every input that is still open, with an empty payload for each. */
  closingFrame(): SessionFrame {
    const payloads = [...this.#open].map(([key, type]) => {
      return { key, type, status: Status.end, attributes: {}, data: new Uint8Array() }
    })
    this.#open.clear()
    return { payloads, last: true }
  }
}

/** Whether nothing follows a piece of data, or a result, with this status. */
export function isLast(status: Status): boolean {
  return status === Status.end || status === Status.once
}
