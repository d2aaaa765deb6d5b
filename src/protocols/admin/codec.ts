import type { JsonObject, ModelInfo } from '../../core/model.js'

/** A model as the admin API shows it: `version` is the one that answers requests that name none. */
export function describeModel(model: ModelInfo): JsonObject {
  const { name, version, aliases, mid, readiness, wrapperVersion, versions } = model
  return {
    name,
    version,
    aliases,
    ...(mid !== undefined && { mid }),
    ...readiness,
    ...(wrapperVersion !== undefined && { wrapperVersion }),
    versions: versions.map(each => ({ version: each.version, ...each.readiness })),
  }
}
