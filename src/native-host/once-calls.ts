import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Once__Output as Once } from '../gen/plugin/aiges/plugin/v2/Once.js'
import type { Engine } from './engine.js'
import { EngineError, toEngineError } from './engine-error.js'
import type { EngineResources } from './engine-resources.js'
import { areLast } from './outputs.js'
import type { ReplyWriter } from './reply-writer.js'

export interface OnceCallsOptions {
  readonly engine: Engine
  readonly replies: ReplyWriter
  readonly resources: EngineResources
  /** Requests that the engine is given at the same time; the others wait, in the order in which they came. */
  readonly concurrency: number
  /** `wrapperExecAsync` instead of `wrapperExec`. */
  readonly asyncMode: boolean
}

interface Waiting {
  readonly once: Once
  /** To be called when the request is over: it needs its resources no more. */
  readonly release: () => void
}

/** The once requests of the host: those that wait and those that the engine works on. */
export class OnceCalls {
  private readonly waiting = new Map<number, Waiting>()
  private running = 0

  constructor(private readonly options: OnceCallsOptions) {}

  get size(): number {
    return this.waiting.size + this.running
  }

  add(id: number, once: Once): void {
    try {
      this.waiting.set(id, { once, release: this.options.resources.use(once.resources) })
    } catch (error) {
      this.options.replies.failure(id, toEngineError(error))
      return
    }
    this.next()
  }

  /** A request that waits is not begun. The engine cannot be interrupted in one that runs. */
  cancel(id: number): void {
    const waiting = this.waiting.get(id)
    if (waiting === undefined) return
    this.waiting.delete(id)
    waiting.release()
    this.options.replies.result({ id, last: true })
  }

  private next(): void {
    for (const [id, { once, release }] of this.waiting) {
      if (this.running >= this.options.concurrency) return
      // Should the engine crash with this one, the host has to know that the one before it was done (wrapper-v2.proto,
      // `started`).
      this.options.replies.flush()
      this.waiting.delete(id)
      this.running += 1
      void this.run(id, once).finally(() => {
        this.running -= 1
        release()
        this.next()
      })
    }
  }

  private async run(id: number, once: Once): Promise<void> {
    const { replies, asyncMode } = this.options
    try {
      if (asyncMode) return await this.answered(id, once)
      const { outputs: payloads, free } = await this.options.engine.exec(once.sid, once)
      replies.result({ id, last: true, payloads })
      // The answer leaves at the end of this turn, and need not wait for a thread to be woken.
      await nextTurn()
      await free()
    } catch (error) {
      replies.failure(id, toEngineError(error))
    }
  }

  /** Hands the engine's answers on as it calls back; an answer without data is the last one, too. */
  private answered(id: number, once: Once): Promise<void> {
    const { engine, replies } = this.options
    return new Promise((resolve, reject) => {
      const tag = engine.execAsync(once.sid, once, once.timeout_ms, result => {
        if (result instanceof EngineError) return reject(result)
        const last = result.length === 0 || areLast(result)
        replies.result({ id, last, payloads: [...result] })
        if (!last) return
        engine.forget(tag)
        resolve()
      })
    })
  }
}
