/**
 * Calls back when nothing was touched for a time. A touch costs a clock reading and no timer, because sessions are
 * touched with every frame.
 */
export class ActivityTimer {
  private touched = performance.now()
  private timer: NodeJS.Timeout

  constructor(
    private readonly idleMs: number,
    private readonly onIdle: () => void,
  ) {
    this.timer = setTimeout(this.check, idleMs)
  }

  touch(): void {
    this.touched = performance.now()
  }

  close(): void {
    clearTimeout(this.timer)
  }

  private readonly check = () => {
    const left = Math.ceil(this.touched + this.idleMs - performance.now())
    if (left <= 0) this.onIdle()
    else this.timer = setTimeout(this.check, left)
  }
}
