import { ResultStream, type ResultStreamOptions } from './result-stream.js'

/** The results of a session, and whether its wrapper has created it. */
export class SessionStream extends ResultStream {
  /** Resolves when the wrapper has created the session; rejects with the reason for which it ended before. */
  readonly opened: Promise<void>
  /** @see WrapperSession.failed */
  readonly failed: Promise<unknown>
  private open!: () => void
  private refuse!: (error: unknown) => void
  protected tellFailure!: (error: unknown) => void

  constructor(options: ResultStreamOptions) {
    super(options)
    this.opened = new Promise((resolve, reject) => {
      this.open = resolve
      this.refuse = reject
    })
    this.failed = new Promise(resolve => {
      this.tellFailure = resolve
    })
  }

  /** The wrapper has created the session. */
  created(): void {
    this.open()
  }

  override fail(error: unknown): void {
    super.fail(error)
    this.tellFailure(error)
  }

  protected override end(ending: { readonly error?: unknown }): void {
    super.end(ending)
    if ('error' in ending) this.refuse(ending.error)
    else this.open()
  }
}
