import { ServiceError } from '../../core/error.js'
import type { Session } from '../../core/inference.js'
import { XsfSession, type XsfSessionOptions } from './session.js'

const REMEMBERED_HANDLES = 10_000

type Opening = Promise<XsfSession>
type About = Pick<XsfSessionOptions, 'sid' | 'model' | 'idleTimeoutMs'>

/** The sessions of all callers by handle: open ones, and those whose end may still be asked for. */
export class SessionTable {
  readonly #remembered: number
  readonly #open = new Map<string, Opening>()
  /** Oldest first; undefined when everything was told. */
  readonly #ended = new Map<string, XsfSession | undefined>()
  /** Called when a session has ended, or has nothing left to tell. */
  #onLess = () => {}

  /** @param remembered how many handles of ended sessions are remembered, the most recent ones */
  constructor(remembered = REMEMBERED_HANDLES) {
    this.#remembered = remembered
  }

  /** @throws ServiceError `session_exists` when the handle is in use, or has an end that was not fetched yet */
  assertFree(handle: string): void {
    if (this.#open.has(handle) || this.#ended.get(handle) !== undefined) {
      throw new ServiceError('session_exists', `the handle "${handle}" is already open`)
    }
  }

  /**
   * Opens a session under a handle, which is taken from now on.
   * @throws ServiceError `session_exists`, or what opening throws; the handle is free again then
   */
  open(handle: string, open: () => Promise<Session>, about: About): Promise<XsfSession> {
    this.assertFree(handle)
    this.#ended.delete(handle)
    const opening = this.#start(handle, open, about)
    this.#open.set(handle, opening)
    // Whoever opens is told; calls that came meanwhile find the handle unknown.
    opening.catch(() => {
      this.#open.delete(handle)
      this.#onLess()
    })
    return opening
  }

  /** @throws ServiceError `session_unknown`, `session_ended` */
  async find(handle: string): Promise<XsfSession> {
    const session = this.#ended.get(handle) ?? (await this.#open.get(handle)?.catch(() => undefined))
    if (session !== undefined) return session
    if (this.#ended.has(handle)) throw new ServiceError('session_ended')
    throw new ServiceError('session_unknown', 'service instance invalid')
  }

  /** Resolves when every session has ended and told how, or the signal aborts. */
  drained(signal: AbortSignal): Promise<void> {
    return new Promise(resolve => {
      this.#onLess = () => {
        if (!this.#isBusy()) resolve()
      }
      this.#onLess()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  }

  #isBusy(): boolean {
    return this.#open.size > 0 || [...this.#ended.values()].some(unread => unread !== undefined)
  }

  /** Ends every session. */
  abortAll(reason: ServiceError): void {
    for (const opening of this.#open.values()) {
      opening.then(
        session => session.abort(reason),
        () => undefined,
      )
    }
    for (const session of this.#ended.values()) session?.abort(reason)
  }

  async #start(handle: string, open: () => Promise<Session>, about: About): Promise<XsfSession> {
    const session: XsfSession = new XsfSession(await open(), {
      ...about,
      onEnded: () => {
        this.#open.delete(handle)
        this.#remember(handle, session)
      },
      onForgotten: () => {
        if (this.#ended.get(handle) === session) this.#ended.set(handle, undefined)
        this.#onLess()
      },
    })
    return session
  }

  #remember(handle: string, session: XsfSession): void {
    this.#ended.set(handle, session)
    if (this.#ended.size <= this.#remembered) return
    for (const [oldest, unread] of this.#ended) {
      this.#ended.delete(oldest)
      unread?.abort(new ServiceError('session_timeout'))
      break
    }
  }
}
