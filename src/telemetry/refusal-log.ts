import type { Logger } from 'pino'
import type { ServiceError } from '../core/error.js'

/** How often at most the log tells how many requests of a model were refused for a reason, in ms. */
const INTERVAL_MS = 1000

/** Tells of refused requests in the log. Under overload they are most, and a line for each costs more than refusing it. */
export interface RefusalLog {
  /** A request to a model was refused. @param model a name that the daemon knows, never what a client made up */
  add(model: string, error: ServiceError): void
  /** Tells what was not told yet; call it last. */
  close(): void
}

/** The requests of a model that were refused for a reason and not told of yet. */
interface Untold {
  readonly model: string
  readonly timer: NodeJS.Timeout
  count: number
  last: ServiceError
}

/** For each model and reason: one line at the first refusal, then at most one a second with the number since the last. */
export function createRefusalLog(log: Logger): RefusalLog {
  const known = new Map<string, Untold>()

  const tell = (model: string, count: number, { reason, message }: ServiceError) => {
    const requests = count === 1 ? '1 request' : `${count} requests`
    log.warn({ model, reason, count }, `${requests} refused: ${reason}: ${message}`)
  }
  const tellLater = (key: string) => {
    const untold = known.get(key)
    if (untold === undefined) return
    if (untold.count === 0) {
      known.delete(key)
      return
    }
    tell(untold.model, untold.count, untold.last)
    untold.count = 0
    untold.timer.refresh()
  }

  return {
    add(model, error) {
      // No name holds a line break.
      const key = `${model}\n${error.reason}`
      const untold = known.get(key)
      if (untold !== undefined) {
        untold.count += 1
        untold.last = error
        return
      }
      const timer = setTimeout(tellLater, INTERVAL_MS, key).unref()
      known.set(key, { model, timer, count: 0, last: error })
      tell(model, 1, error)
    },
    close() {
      for (const { model, timer, count, last } of known.values()) {
        clearTimeout(timer)
        if (count > 0) tell(model, count, last)
      }
      known.clear()
    },
  }
}
