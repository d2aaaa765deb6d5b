/** Frames that may be on their way to a session at the same time (wrapper-v2.proto, Write). */
const WINDOW_BYTES = 256 * 1024

/** What a frame costs beside its data, so that empty ones count, too. */
const FRAME_BYTES = 256

/**
 * The frames of a session that its wrapper has not taken yet. A further one enters when there is room for it, or when it
 * is the only one. One at a time may wait.
 */
export class FrameWindow {
  /** Sizes of the frames inside, the oldest first. */
  private readonly sizes: number[] = []
  private bytes = 0
  private open = true
  private wake: (() => void) | undefined

  /** Takes a frame in, and returns true, if there is room for it now. @param dataBytes size of its data */
  enter(dataBytes: number): boolean {
    const size = FRAME_BYTES + dataBytes
    if (!this.open || (this.bytes > 0 && this.bytes + size > WINDOW_BYTES)) return false
    this.sizes.push(size)
    this.bytes += size
    return true
  }

  /** Takes a frame in as soon as there is room for it. Resolves with false when the window was closed instead. */
  async room(dataBytes: number): Promise<boolean> {
    while (this.open) {
      if (this.enter(dataBytes)) return true
      await new Promise<void>(resolve => {
        this.wake = resolve
      })
    }
    return false
  }

  /** The wrapper took so many frames, the oldest ones. */
  taken(frames: number): void {
    for (let left = frames; left > 0 && this.sizes.length > 0; left -= 1) this.bytes -= this.sizes.shift() as number
    this.wake?.()
  }

  /** Nothing enters any more. */
  close(): void {
    this.open = false
    this.wake?.()
  }
}
