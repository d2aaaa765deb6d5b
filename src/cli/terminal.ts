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
