import { ServiceError } from '../../core/error.js'

/**
 * A model runs as it is configured: its configuration and its files come from the operator alone.
 * @param parameters names of those with which a model is to be loaded
 * @throws ServiceError `operation_unknown`
 */
export function refuseOverrides(parameters: Iterable<string>): void {
  for (const name of parameters) {
    if (name !== 'config' && !name.startsWith('file:')) continue
    throw new ServiceError('operation_unknown', `parameter '${name}': a model is loaded as it is configured here`)
  }
}
