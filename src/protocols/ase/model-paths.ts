import type { ModelInfo } from '../../core/model.js'
import { pathBelow } from '../shared/request-path.js'

/** Where models answer ASE requests. */
export interface ModelPaths {
  /** Every path of a model: its name below the base path, and the routes of its schema. */
  of(model: ModelInfo): readonly string[]
  /** The model that answers at a path. A model's own name or alias goes before another's route. */
  at(models: readonly ModelInfo[], path: string): ModelInfo | undefined
}

/** @param base the base path, such as `/v1` */
export function modelPaths(base: string): ModelPaths {
  const prefix = pathBelow(base, '')
  return {
    of: model => [...new Set([prefix + model.name, ...(model.schema?.routes ?? [])])],
    at(models, path) {
      const name = path.startsWith(prefix) ? path.slice(prefix.length) : undefined
      const named = name !== undefined && models.find(model => model.name === name || model.aliases.includes(name))
      return named || models.find(model => model.schema?.routes.includes(path))
    },
  }
}
