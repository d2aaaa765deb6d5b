/** A scalar in its string form; whatever else clients put in a scalar's place as JSON text. */
export function asString(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
