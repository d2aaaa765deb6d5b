import { ServiceError } from '../core/error.js'
import type { ModelInfo } from '../core/model.js'
import type { Model } from './model.js'

/** The versions of one model, the newest first; never empty. */
type Versions = readonly [Model, ...Model[]]

/** Finds models by name, alias and version. */
export class ModelRegistry {
  private served: readonly Model[] = []
  private readonly families = new Map<string, Versions>()
  private readonly names = new Map<string, Versions>()

  /** @param models see `replaceAll` */
  constructor(models: readonly Model[] = []) {
    this.replaceAll(models)
  }

  /** From now on there are these: models in the order in which they are listed, of which the first is the default. */
  replaceAll(models: readonly Model[]): void {
    this.served = models
    this.families.clear()
    this.names.clear()
    for (const model of models) {
      const [first, ...others] = [...(this.families.get(model.name) ?? []), model].sort(newestFirst)
      this.families.set(model.name, [first as Model, ...others])
    }
    for (const versions of this.families.values()) {
      for (const alias of aliasesOf(versions)) this.names.set(alias, versions)
    }
    for (const [name, versions] of this.families) this.names.set(name, versions)
  }

  /** Every version of every model. */
  get all(): readonly Model[] {
    return this.served
  }

  /**
   * @param name name or alias; empty finds the first model
   * @param version default: the newest that is ready, or the newest when none is
   * @throws ServiceError `model_unknown`, `version_unknown`
   */
  find(name: string, version?: string): Model {
    const versions = this.versionsOf(name)
    if (version === undefined) return defaultVersion(versions)
    const model = versions.find(candidate => candidate.version === version)
    if (model !== undefined) return model
    const known = versions.map(candidate => candidate.version).join(', ')
    throw new ServiceError('version_unknown', `${versions[0].name} has no version '${version}'; there is ${known}`)
  }

  /**
   * All versions of a model, the newest first.
   * @throws ServiceError `model_unknown`
   */
  versionsOf(name: string): Versions {
    const versions = name === '' ? this.families.values().next().value : this.names.get(name)
    if (versions !== undefined) return versions
    const known = [...this.families.keys()].join(', ')
    throw new ServiceError('model_unknown', `no service '${name}'; there is ${known || 'none'}`)
  }

  /** Describes a model. @throws as `find` */
  info(name: string, version?: string): ModelInfo {
    return describe(this.find(name, version), this.versionsOf(name))
  }

  infos(): readonly ModelInfo[] {
    return [...this.families.values()].map(versions => describe(defaultVersion(versions), versions))
  }
}

function newestFirst(a: Model, b: Model): number {
  return Number(b.version) - Number(a.version)
}

function defaultVersion(versions: Versions): Model {
  const [newest, ...others] = versions
  if (others.length === 0) return newest
  return versions.find(({ readiness }) => readiness.ready) ?? newest
}

function aliasesOf(versions: Versions): readonly string[] {
  if (versions.length === 1) return versions[0].aliases
  return [...new Set(versions.flatMap(({ aliases }) => aliases))]
}

function describe(model: Model, versions: Versions): ModelInfo {
  const mid = versions.find(candidate => candidate.mid !== undefined)?.mid
  return model.describe({
    versions: versions.map(({ version, readiness }) => ({ version, readiness })),
    aliases: aliasesOf(versions),
    mid,
  })
}
