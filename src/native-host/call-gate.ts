/** Lets calls through at once while few are under way, and further ones after a wait: in the order in which they came. */
export class CallGate {
  private inside = 0
  private readonly waiting: (() => void)[] = []
  private timer: NodeJS.Timeout | undefined

  /**
   * @param free how many may be under way without a wait
   * @param waitMs how long a further one waits for one of them to end
   */
  constructor(
    private readonly free: number,
    private readonly waitMs: number,
  ) {}

  /** Begins a call, now or later. Whoever entered leaves once. */
  enter(begin: () => void): void {
    if (this.inside < this.free && this.waiting.length === 0) {
      this.inside += 1
      begin()
      return
    }
    this.waiting.push(begin)
    this.timer ??= setTimeout(() => this.letIn(this.waiting.length), this.waitMs)
  }

  leave(): void {
    this.inside -= 1
    if (this.inside < this.free) this.letIn(1)
  }

  private letIn(count: number): void {
    const next = this.waiting.splice(0, count)
    if (this.waiting.length === 0) {
      clearTimeout(this.timer)
      this.timer = undefined
    }
    this.inside += next.length
    for (const begin of next) begin()
  }
}
