import type { InferenceService } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import type { RequestTallies } from '../../telemetry/request-tallies.js'
import { modelStatistics } from './model-documents.js'

/** What the protocol tells of the server as a whole. */
export interface ServerState {
  readonly inference: Pick<InferenceService, 'models' | 'model'>
  /** What has been counted for a version of a model. */
  readonly tallies: (model: string, version: string) => RequestTallies
  /** The daemon's version. */
  readonly version: string
  /** Whether the daemon is shutting down, which makes it unready at once. */
  readonly isDraining: () => boolean
}

/** Extensions of the protocol that are there, by the names that Triton has for them. */
const EXTENSIONS = [
  'model_repository',
  'model_configuration',
  'binary_tensor_data',
  'parameters',
  'statistics',
] as const

export function serverMetadata({ version }: ServerState) {
  return { name: 'aiservice', version, extensions: [...EXTENSIONS] }
}

/** Whether a model would take a request now; one that is unloaded on purpose makes no server unready. */
export function serverReady({ inference, isDraining }: ServerState): boolean {
  return !isDraining() && inference.models().some(({ readiness }) => readiness.ready)
}

/**
 * The counts of one version of a model, of all its versions, or of all models.
 * @param name empty: all models
 * @param version empty: all versions
 * @throws ServiceError `model_unknown`, `version_unknown`
 */
export function serverStatistics({ inference, tallies }: ServerState, name: string, version: string) {
  const models = name === '' ? inference.models() : [inference.model(name)]
  const infos = version === '' ? models.flatMap(versionsOf) : [inference.model(name, version)]
  return { model_stats: infos.map(info => modelStatistics(info, tallies(info.name, info.version))) }
}

function versionsOf({ name, versions }: ModelInfo): Pick<ModelInfo, 'name' | 'version'>[] {
  return versions.map(({ version }) => ({ name, version }))
}
