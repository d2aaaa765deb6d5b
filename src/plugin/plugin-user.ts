import { execFileSync } from 'node:child_process'
import { ServiceError } from '../core/error.js'

/** Whom plugins run as. */
export interface PluginUser {
  readonly uid: number
  readonly gid: number
  /** What HOME is for them. */
  readonly home: string
  readonly name: string
}

/**
 * Finds a user of the system.
 * @param text a user's name, `uid` or `uid:gid` in digits
 * @throws ServiceError `misconfigured` when there is no such user, or this process may not run others as anybody
 */
export function findPluginUser(text: string, ownUid = process.getuid?.()): PluginUser {
  const user = numericUser(text) ?? entryOf(text)
  if (user === undefined) throw wrong(text, 'there is no such user')
  if (ownUid !== 0 && ownUid !== user.uid)
    throw wrong(text, `only root can run plugins as somebody else, not ${ownUid}`)
  return user
}

function numericUser(text: string): PluginUser | undefined {
  const [, uid, gid] = /^(\d{1,9}):(\d{1,9})$/.exec(text) ?? []
  if (uid === undefined) return undefined
  const { home = '/', name = uid } = entryOf(uid) ?? {}
  return { uid: Number(uid), gid: Number(gid), home, name }
}

/** Asks as the system itself does, so that users of a directory service are found, too. */
function entryOf(key: string): PluginUser | undefined {
  let line: string
  try {
    line = execFileSync('getent', ['passwd', '--', key], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
  } catch {
    return undefined
  }
  const [name, , uid, gid, , home] = line.trim().split(':')
  return { uid: Number(uid), gid: Number(gid), home: home || '/', name: name || key }
}

function wrong(text: string, why: string): ServiceError {
  return new ServiceError('misconfigured', `[aiges] runAs: "${text}": ${why}`)
}
