import type { JsonObject } from '../../core/model.js'
import { isObject } from '../shared/json-object.js'
import { type AseBody, servicesByRank } from './codec.js'

/** What the wrapper gets of all services together, by name, and the service under whose name the client wrote it. */
export type MergedParameters = ReadonlyMap<string, { readonly service: string; readonly value: unknown }>

/**
 * Merges the parameters of all services as `decodeParameters` does: null is left out, and of equal names the addressed
 * service's wins.
 * @param own the name by which the client addresses the service
 * @param addressed all names of that service, least important first
 * @returns undefined when the client wrote under no other name, so that there is nothing to merge
 */
export function mergeParameters(
  { parameter }: AseBody,
  own: string,
  addressed: readonly string[],
): MergedParameters | undefined {
  const services = servicesByRank(parameter, addressed)
  if (services.every(service => service === own)) return undefined
  const merged = new Map<string, { service: string; value: unknown }>()
  for (const service of services) {
    const values = parameter[service]
    if (!isObject(values)) continue
    for (const name in values) if (values[name] !== null) merged.set(name, { service, value: values[name] })
  }
  return merged
}

/** The request with everything that the wrapper gets under the name of the addressed service. */
export function withMerged({ json, parameter }: AseBody, own: string, merged: MergedParameters): JsonObject {
  if (merged.size === 0) return json
  const values = Object.fromEntries([...merged].map(([name, { value }]) => [name, value]))
  return { ...json, parameter: { ...parameter, [own]: values } }
}
