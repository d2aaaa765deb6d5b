// The package brings no types. What is declared here is what this project uses.
declare module 'pino-roll' {
  import type { EventEmitter } from 'node:events'

  interface RollOptions {
    file: string
    /** In MiB. */
    size: number
    mkdir: boolean
    /** Bytes that may wait to be written; a line past that is dropped with the event `drop`. */
    maxLength: number
  }

  /** Emits `ready` after every opening of a file, `drain` when nothing waits, `error`, `drop`, `close`. */
  interface RollingFile extends EventEmitter {
    readonly file: string
    write(line: string): boolean
    end(): void
    destroy(): void
  }

  function roll(options: RollOptions): Promise<RollingFile>
  export = roll
}
