import { ExitCode } from './exit-codes.js'

/** Where a command writes and what surrounds it; a test hands in its own. */
export interface Terminal {
  /** Writes to stdout; the text brings its line ends. */
  out(text: string): void
  /** Writes to stderr; the text brings its line ends. */
  err(text: string): void
  readonly env: Readonly<Record<string, string | undefined>>
}

/** The terminal of this process. */
export const processTerminal: Terminal = {
  out: text => void process.stdout.write(text),
  err: text => void process.stderr.write(text),
  env: process.env,
}

/**
 * Ends this process quietly, with exit code 0, when it writes to a stdout whose reader has left, as `… | head` does.
 * Any other fault of stdout is thrown. The daemon's log does not come this way.
 */
export function endWhenReaderLeaves(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit(ExitCode.ok)
  })
}
