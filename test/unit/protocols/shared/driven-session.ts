import type { ServiceError } from '../../../../src/core/error.js'
import type {
  InferenceResult,
  RequestContext,
  Session,
  SessionFrame,
  SessionRequest,
} from '../../../../src/core/inference.js'
import { type Payload, Status } from '../../../../src/core/payload.js'

/** A session that a test drives: it notes what was written and gives the results that the test says. */
export class DrivenSession implements Session {
  readonly frames: SessionFrame[] = []
  /** What `abort` or the signal of the context gave. */
  readonly aborted: Promise<ServiceError>
  readonly failed: Promise<ServiceError>
  /** Called for each frame; the write ends when it does. */
  onFrame: (frame: SessionFrame) => void | Promise<void> = () => {}
  /** Results that were fetched. */
  fetched = 0
  private readonly steps: (InferenceResult | { readonly error: ServiceError })[] = []
  private wake = () => {}
  private tellAborted: (reason: ServiceError) => void = () => {}
  private tellFailed: (reason: ServiceError) => void = () => {}

  constructor(
    readonly request: SessionRequest,
    readonly ctx: RequestContext,
  ) {
    this.aborted = new Promise(resolve => {
      this.tellAborted = resolve
    })
    this.failed = new Promise(resolve => {
      this.tellFailed = resolve
    })
    ctx.signal.addEventListener('abort', () => this.abort(ctx.signal.reason))
  }

  async write(frame: SessionFrame): Promise<void> {
    this.frames.push(frame)
    await this.onFrame(frame)
  }

  /** Gives the reader of the results one more; one with status end is the last. */
  give(status: Status, ...payloads: Payload[]): void {
    this.steps.push({ status, payloads })
    this.wake()
  }

  /** Ends the results with an error. */
  fail(error: ServiceError): void {
    this.steps.push({ error })
    this.tellFailed(error)
    this.wake()
  }

  readonly results: AsyncIterable<InferenceResult> = { [Symbol.asyncIterator]: () => this.read() }

  private async *read(): AsyncGenerator<InferenceResult> {
    for (;;) {
      const step = this.steps.shift()
      if (step === undefined) {
        await new Promise<void>(resolve => {
          this.wake = resolve
        })
      } else if ('error' in step) throw step.error
      else {
        this.fetched++
        yield step
        if (step.status === Status.end) return
      }
    }
  }

  close(): void {
    throw new Error('a front-end that leaves a session aborts it')
  }

  abort(reason: ServiceError): void {
    this.tellAborted(reason)
    this.fail(reason)
  }
}
