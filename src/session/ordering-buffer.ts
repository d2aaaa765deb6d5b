import { ServiceError } from '../core/error.js'

/** Source: the reference waits this long for a frame that is missing. */
const WAIT_MS = 5000
/** Frames that may be early at the same time, and bytes, unless it is one larger frame. */
const MOST_EARLY = 256
const MOST_EARLY_BYTES = 1 << 20

/**
 * Puts numbered frames in order: an early one waits for those before it, one that was seen is dropped.
 * @param onMissing called when a frame was missing for too long
 */
export class OrderingBuffer<Frame> {
  private readonly early = new Map<number, { readonly frame: Frame; readonly bytes: number }>()
  private earlyBytes = 0
  private timer: NodeJS.Timeout | undefined

  constructor(
    private next: number,
    private readonly onMissing: (error: ServiceError) => void,
  ) {}

  /**
   * The frames that are due now that this one has come: none, it, or it and early ones after it.
   * @param bytes size of the frame
   * @throws ServiceError `frame_missing` when too many are early
   */
  push(number: number, frame: Frame, bytes: number): Frame[] {
    if (number < this.next || this.early.has(number)) return []
    if (number !== this.next) {
      const { size } = this.early
      if (size >= MOST_EARLY || (size > 0 && this.earlyBytes + bytes > MOST_EARLY_BYTES)) {
        const waiting = `${size} later ones, ${this.earlyBytes} bytes, wait for it`
        throw new ServiceError('frame_missing', `frame ${this.next} is missing and ${waiting}`)
      }
    }
    this.early.set(number, { frame, bytes })
    this.earlyBytes += bytes
    const due: Frame[] = []
    for (let ready = this.early.get(this.next); ready !== undefined; ready = this.early.get(this.next)) {
      this.early.delete(this.next)
      this.earlyBytes -= ready.bytes
      this.next += 1
      due.push(ready.frame)
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
