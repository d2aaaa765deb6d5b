import type { Writable } from 'node:stream'

/** A socket, or a stream of HTTP/2: what can tell that nothing has moved over it for a time. */
export interface TimedWritable extends Writable {
  /** 0 and undefined: no limit. */
  readonly timeout?: number | undefined
  setTimeout(timeoutMs: number): unknown
}

export interface SlowReaderOptions<Written extends TimedWritable> {
  /** How long nothing may be read while something waits, in ms. Reading slowly is no fault. */
  readonly timeoutMs: number
  /** Is told of a reader that has exceeded that. */
  readonly onStalled: (writable: Written) => void
}

/**
 * Looks again and again whether something that was written waits for its reader, and limits how long it may. A limit for
 * every answer from the start would cost each of them something; nearly all leave at once.
 * @param open what is written to, as it is at each look
 * @returns the function that ends it
 */
export function watchReaders<Written extends TimedWritable>(
  open: () => Iterable<Written>,
  options: SlowReaderOptions<Written>,
): () => void {
  const { timeoutMs, onStalled } = options
  const limited = new WeakMap<Written, () => void>()
  const look = (writable: Written) => {
    const onTimeout = limited.get(writable)
    const waits = writable.writableLength > 0
    if (waits && onTimeout === undefined) {
      const stalled = () => onStalled(writable)
      limited.set(writable, stalled)
      writable.once('timeout', stalled)
      writable.setTimeout(timeoutMs)
    } else if (!waits && onTimeout !== undefined) {
      limited.delete(writable)
      writable.off('timeout', onTimeout)
      // Node may have set another one meanwhile, such as that of idle connections.
      if (writable.timeout === timeoutMs) writable.setTimeout(0)
    }
  }
  const timer = setInterval(() => {
    for (const writable of open()) look(writable)
  }, timeoutMs / 4)
  timer.unref()
  return () => clearInterval(timer)
}
