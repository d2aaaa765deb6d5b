import { bearerMatcher } from '../../auth/bearer-token.js'
import type { AdminService } from '../../core/admin.js'
import { ServiceError } from '../../core/error.js'

export interface RepositoryOptions {
  readonly admin: Pick<AdminService, 'load' | 'unload'>
  /** `[admin] token`; undefined where `[admin] enabled` is off, and nobody may load or unload. */
  readonly adminToken: string | undefined
}

/**
 * Starts and stops models for whoever may use the admin API, too.
 * `authorization` is the header or metadata of that name.
 * @throws ServiceError `permission_denied`, `unauthenticated`, `operation_unknown`, or what `AdminService` throws
 */
export interface Repository {
  /** @param parameters names of those with which the model is to be loaded */
  load(model: string, parameters: Iterable<string>, authorization: string | undefined): Promise<void>
  unload(model: string, authorization: string | undefined): Promise<void>
}

export function createRepository({ admin, adminToken }: RepositoryOptions): Repository {
  const matches = adminToken === undefined ? undefined : bearerMatcher(adminToken)
  const authorize = (authorization: string | undefined) => {
    if (matches === undefined) {
      throw new ServiceError('permission_denied', 'models are loaded and unloaded only where [admin] enabled is true')
    }
    if (!matches(authorization)) {
      throw new ServiceError('unauthenticated', 'this needs the header Authorization: Bearer <[admin] token>')
    }
  }
  return {
    async load(model, parameters, authorization) {
      authorize(authorization)
      refuseOverrides(parameters)
      await admin.load(model)
    },
    async unload(model, authorization) {
      authorize(authorization)
      await admin.unload(model)
    },
  }
}

/** A model runs as it is configured: its configuration and its files come from the operator alone. */
function refuseOverrides(parameters: Iterable<string>): void {
  for (const name of parameters) {
    if (name !== 'config' && !name.startsWith('file:')) continue
    throw new ServiceError('operation_unknown', `parameter '${name}': a model is loaded as it is configured here`)
  }
}
