import { isObject } from './codec.js'
import type { JsonObject } from '../../core/model.js'

/** A value of the `parameter` section, and the service under whose name the client wrote it. */
export interface MergedParameter {
  readonly service: string
  readonly value: unknown
}

/**
 * The names under `parameter`, least important first, so that of equal entries the last one wins (ASE protocol).
 * @param addressed names of the addressed service, least important first
 */
export function servicesByRank(parameter: JsonObject, addressed: readonly string[]): string[] {
  const services = Object.keys(parameter)
  if (services.length > 1) services.sort((a, b) => addressed.indexOf(a) - addressed.indexOf(b))
  return services
}

/** What the wrapper gets of all services together, by name: null is left out, and of equal names one wins. */
export function mergeParameters(
  parameter: JsonObject,
  addressed: readonly string[],
): ReadonlyMap<string, MergedParameter> {
  const merged = new Map<string, MergedParameter>()
  for (const service of servicesByRank(parameter, addressed)) {
    const values = parameter[service]
    if (!isObject(values)) continue
    for (const name in values) if (values[name] !== null) merged.set(name, { service, value: values[name] })
  }
  return merged
}
