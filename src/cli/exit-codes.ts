/** What the exit code of the command line says; other numbers do not occur. */
export const ExitCode = {
  /** Done, or stopped in good order. */
  ok: 0,
  /** Failed while running: a plugin never became ready, a port is in use, a service answered with an error, a folder cannot be written. */
  failed: 1,
  /** Wrong usage or configuration: an unknown flag, a mistake in aiges.toml. Nothing was started. */
  usage: 2,
} as const

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/** Ends a command with a message for the one who typed it, and no stack. */
export class CommandError extends Error {
  override readonly name = 'CommandError'

  constructor(
    readonly exitCode: ExitCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options)
  }
}

/** The command line makes no sense; the message says what would. */
export const usageError = (message: string) => new CommandError(ExitCode.usage, message)
