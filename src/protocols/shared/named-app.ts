import { ServiceError } from '../../core/error.js'

/**
 * Holds the app that a request names in its own form against the one that it is from.
 * @param named undefined: it names none
 * @param where names the place in the message
 * @throws ServiceError `permission_denied`
 */
export function checkNamedApp(app: string | undefined, named: string | undefined, where: string): void {
  if (app === undefined || named === app) return
  const what = named === undefined ? 'is missing' : 'is another one'
  throw new ServiceError('permission_denied', `${where}: ${what}; the credentials are those of the app ${app}`)
}
