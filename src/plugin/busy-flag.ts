/** Whether a wrapper still works on a call, with the one who waits for it to stop. */
export class BusyFlag {
  private busy = true
  private listener: (() => void) | undefined

  get isSet(): boolean {
    return this.busy
  }

  clear(): void {
    if (!this.busy) return
    this.busy = false
    this.listener?.()
  }

  /** Calls back once the flag is clear; at once when it already is. */
  whenClear(listener: () => void): void {
    if (this.busy) this.listener = listener
    else listener()
  }
}
