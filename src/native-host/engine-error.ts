/** Code for what is not the engine's own refusal but still ends a request (plugin protocol 1: exec failed). */
export const EXEC_FAILED = 30003

/** An engine refused something, or gave what cannot be used. */
export class EngineError extends Error {
  override readonly name = 'EngineError'
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message)
  }
}

/** Whatever was thrown as an error with a code. */
export function toEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  return new EngineError(EXEC_FAILED, thrown instanceof Error ? thrown.message : String(thrown))
}
