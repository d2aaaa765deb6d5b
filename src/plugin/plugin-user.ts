import { execFileSync } from 'node:child_process'
import { ServiceError } from '../core/error.js'

/** Whom plugins run as. */
export interface PluginUser {
  readonly uid: number
  readonly gid: number
  /** Its further groups: those of `video` and `render`, for example, may use accelerators. */
  readonly groups: readonly number[]
  /** What HOME is for them. */
  readonly home: string
  readonly name: string
}

/**
 * Finds a user of the system.
 * @param text a user's name or `uid` in digits, for a user with all its groups, or `uid:gid`, for that group alone
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
  return { uid: Number(uid), gid: Number(gid), groups: [], home, name }
}

/** Asks as the system itself does, so that users of a directory service are found, too. */
function entryOf(key: string): PluginUser | undefined {
  const [name = key, , uid, gid, , home] = outputOf('getent', 'passwd', '--', key)?.split(':') ?? []
  if (uid === undefined) return undefined
  const groups = outputOf('id', '-G', '--', name)?.split(' ').map(Number) ?? []
  return { uid: Number(uid), gid: Number(gid), groups, home: home || '/', name }
}

/** What a program prints; undefined when it fails. */
function outputOf(file: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(file, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return undefined
  }
}

function wrong(text: string, why: string): ServiceError {
  return new ServiceError('misconfigured', `[aiges] runAs: "${text}": ${why}`)
}
