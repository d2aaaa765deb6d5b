import type { InferenceService } from '../../core/inference.js'

/**
 * The model that a client means by a name, an alias, or none, for those who are told of a failure. What a client made up
 * must not get any further.
 */
export function knownModel(inference: Pick<InferenceService, 'models'>, named: string | undefined): string | undefined {
  const models = inference.models()
  if (named === '') return models[0]?.name
  return models.find(({ name, aliases }) => name === named || aliases.includes(named ?? ''))?.name
}
