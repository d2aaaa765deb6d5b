/** Does one thing after the other, in the order in which they were asked for; one that fails does not stop the next. */
export class Turns {
  private last: Promise<unknown> = Promise.resolve()

  /** Does this when all before it have ended. @throws what `work` throws */
  take<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.last.then(work)
    // Whoever asked for it learns of its failure.
    this.last = mine.catch(() => {})
    return mine
  }
}
