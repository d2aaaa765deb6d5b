import { setMaxListeners } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import type { Logger } from 'pino'

export interface DaemonSignals {
  /** Aborts at the first SIGTERM or SIGINT; a second one ends the process at once, its plugins with it. */
  readonly stop: AbortSignal
  /** Calls back at every SIGHUP, until the process ends; soon, if one came before there was whom to call. */
  onReload(listener: () => void): void
}

/** Takes the signals of the process. */
export function takeSignals(log: Logger): DaemonSignals {
  const controller = new AbortController()
  // Every plugin whose start is prepared listens, and Node warns of more than ten.
  setMaxListeners(0, controller.signal)
  const listeners = new Set<() => void>()
  let hungUp = false
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(1)
    log.info(`${name}: stopping; a second signal ends at once`)
    controller.abort(new Error(name))
  }
  const hangUp = () => {
    if (terminalIsGone()) {
      process.once('exit', endByHangUp)
      return stop('SIGHUP')
    }
    if (controller.signal.aborted) return
    log.info('SIGHUP: reading the configuration again')
    hungUp = true
    for (const listener of listeners) listener()
  }
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', hangUp)
  const onReload = (listener: () => void) => {
    listeners.add(listener)
    // A daemon takes signals before it has read all that it would read again.
    if (hungUp) setImmediate(listener)
  }
  return { stop: controller.signal, onReload }
}

/** Node that ends by itself sets its terminal back, and aborts when that is gone. */
function endByHangUp(): void {
  process.removeAllListeners('SIGHUP')
  process.kill(process.pid, 'SIGHUP')
}

/** Who closes the terminal in which a daemon runs wants it to end, and the signal is the same. */
function terminalIsGone(): boolean {
  if (process.stdout.isTTY !== true) return false
  try {
    closeSync(openSync('/dev/tty', 'r'))
    return false
  } catch {
    return true
  }
}

/** Resolves when a signal has aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise(resolve => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
