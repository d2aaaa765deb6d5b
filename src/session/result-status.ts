import type { WrapperResult } from '../core/backend.js'
import { Status } from '../core/payload.js'

/**
 * Gives the results of a stream their status: what the wrapper says, and where it says nothing (its payloads have
 * status once, as a wrapper that yields leaves them) begin, continue, …, end by their place.
 */
export class ResultStatus {
  private first = true

  of({ payloads, last }: WrapperResult): Status {
    const { first } = this
    this.first = false
    if (last) return Status.end
    const said = payloads[0]?.status
    if (said === Status.begin || said === Status.continue) return said
    return first ? Status.begin : Status.continue
  }
}
