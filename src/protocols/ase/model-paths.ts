import type { ModelInfo } from '../../core/model.js'

const PREFIX = '/v1/'

/** Every path under which a model answers once requests: `/v1/<name>` and the routes of its schema. */
export function pathsOf(model: ModelInfo): readonly string[] {
  return [...new Set([PREFIX + model.name, ...(model.schema?.routes ?? [])])]
}

/** The model that answers at a path. A model's own name goes before another's route. */
export function modelAt(models: readonly ModelInfo[], path: string): ModelInfo | undefined {
  const name = path.startsWith(PREFIX) ? path.slice(PREFIX.length) : undefined
  return models.find(model => model.name === name) ?? models.find(model => model.schema?.routes.includes(path))
}

/** The decoded path of a request target, without its query; as it stands where it cannot be decoded. */
export function pathOf(target: string): string {
  const query = target.indexOf('?')
  const path = query < 0 ? target : target.slice(0, query)
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
