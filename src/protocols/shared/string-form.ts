import { ServiceError } from '../../core/error.js'

/**
 * A scalar in its string form; whatever else clients put in a scalar's place as JSON text.
 * @throws ServiceError `schema_violation` when it is nested too deeply for that
 */
export function asString(value: unknown): string {
  if (typeof value !== 'object') return String(value)
  try {
    return JSON.stringify(value)
  } catch {
    // JSON.parse has no limit to the depth of nesting, JSON.stringify has.
    throw new ServiceError('schema_violation', 'the request is nested too deeply')
  }
}
