import { ServiceError } from '../core/error.js'

/** Source: the reference waits this long for a frame that is missing. */
const WAIT_MS = 5000
/** Frames that may be early at the same time. */
const MOST_EARLY = 256

/**
 * Puts numbered frames in order: an early one waits for those before it, one that was seen is dropped.
 * @param onMissing called when a frame was missing for too long
 */
export class OrderingBuffer<Frame> {
  private readonly early = new Map<number, Frame>()
  private timer: NodeJS.Timeout | undefined

  constructor(
    private next: number,
    private readonly onMissing: (error: ServiceError) => void,
  ) {}

  /**
   * The frames that are due now that this one has come: none, it, or it and early ones after it.
   * @throws ServiceError `frame_missing` when too many are early
   */
  push(number: number, frame: Frame): Frame[] {
    if (number < this.next || this.early.has(number)) return []
    if (this.early.size >= MOST_EARLY && number !== this.next) {
      throw new ServiceError('frame_missing', `frame ${this.next} is missing and ${MOST_EARLY} later ones wait for it`)
    }
    this.early.set(number, frame)
    const due: Frame[] = []
    for (let ready = this.early.get(this.next); ready !== undefined; ready = this.early.get(this.next)) {
      this.early.delete(this.next)
      this.next += 1
      due.push(ready)
    }
    if (due.length > 0) this.close()
    if (this.early.size > 0) this.timer ??= setTimeout(() => this.giveUp(), WAIT_MS)
    return due
  }

  close(): void {
    clearTimeout(this.timer)
    this.timer = undefined
  }

  private giveUp(): void {
    this.onMissing(new ServiceError('frame_missing', `frame ${this.next} did not come within ${WAIT_MS} ms`))
  }
}
