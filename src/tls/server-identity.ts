import { readIdentity, type TlsIdentity, type TlsPaths } from './identity.js'

/** What servers show their clients, as the files have it now. */
export interface ServerIdentity {
  readonly current: TlsIdentity
  /** Calls back with every further identity. */
  onChange(listener: (identity: TlsIdentity) => void): void
  /**
   * Reads the files again. Connections that are open go on as they are.
   * @throws ServiceError `misconfigured`; the identity stays what it was then
   */
  reload(): void
}

/** @throws ServiceError `misconfigured` with what is wrong with which file */
export function createServerIdentity(paths: TlsPaths): ServerIdentity {
  const listeners: ((identity: TlsIdentity) => void)[] = []
  let current = readIdentity(paths)
  return {
    get current() {
      return current
    },
    onChange: listener => void listeners.push(listener),
    reload() {
      current = readIdentity(paths)
      for (const listener of listeners) listener(current)
    },
  }
}
