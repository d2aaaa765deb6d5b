import type { FramesTaken } from '../gen/plugin/aiges/plugin/v2/FramesTaken.js'
import type { PluginBatch } from '../gen/plugin/aiges/plugin/v2/PluginBatch.js'
import type { Report } from '../gen/plugin/aiges/plugin/v2/Report.js'
import type { Result } from '../gen/plugin/aiges/plugin/v2/Result.js'
import type { EngineError } from './engine-error.js'

interface Batch extends PluginBatch {
  readonly started: number[]
  readonly results: Result[]
  readonly taken: FramesTaken[]
  readonly reports: Report[]
}

/** Past this much data a batch is sent before the turn of the event loop is over. */
const MOST_BATCH_BYTES = 1 << 20

/** Sends what became ready during one turn of the event loop as one message. */
export class ReplyWriter {
  private batch = emptyBatch()
  private bytes = 0
  private scheduled = false
  private send: ((batch: PluginBatch) => void) | undefined

  /** The host listens from now on; what was said before reaches it first. */
  connect(send: (batch: PluginBatch) => void): void {
    this.send = send
    this.flush()
  }

  started(id: number): void {
    this.batch.started.push(id)
    this.schedule()
  }

  result(result: Result): void {
    this.batch.results.push(result)
    for (const { data } of result.payloads ?? []) this.bytes += data?.length ?? 0
    if (this.bytes > MOST_BATCH_BYTES) this.flush()
    else this.schedule()
  }

  /** The last result of a request that failed. */
  failure(id: number, { code, message }: EngineError): void {
    this.result({ id, last: true, code, message })
  }

  taken(id: number, frames: number): void {
    this.batch.taken.push({ id, frames })
    this.schedule()
  }

  report(report: Report): void {
    this.batch.reports.push(report)
    this.schedule()
  }

  private schedule(): void {
    if (this.scheduled) return
    this.scheduled = true
    setImmediate(() => {
      this.scheduled = false
      this.flush()
    })
  }

  /** Sends what there is without waiting for the end of the turn. */
  flush(): void {
    const { batch, send } = this
    const empty = Object.values(batch).every(list => list.length === 0)
    if (send === undefined || empty) return
    this.batch = emptyBatch()
    this.bytes = 0
    send(batch)
  }
}

function emptyBatch(): Batch {
  return { started: [], results: [], taken: [], reports: [] }
}
