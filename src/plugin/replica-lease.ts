import type { Lease, SessionCall, WrapperCall, WrapperResult, WrapperSession } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { PluginCall } from './channel.js'
import type { Place } from './place.js'

/** Where leases get their places. */
export interface Places {
  /**
   * A place on the ready replica with the most room; undefined when none is ready but one is expected.
   * @throws ServiceError `not_ready` when none is expected either
   */
  take(): Place | undefined
  /** Calls back when taking may have become possible, or pointless; returns the function that stops it. */
  onChange(listener: () => void): () => void
  /** A lease has ended. */
  returned(): void
}

export interface LeaseOptions {
  /** How long a plugin may hold a call, in ms, if its deadline is not later; Infinity: as long as it likes. */
  readonly hangTimeoutMs: number
  /** Whether a call that a plugin was working on when it crashed is begun anew, once. */
  readonly retryCrashed: boolean
}

/** A call under which so many plugins crashed is not given to another, although they said that they had not begun with it. */
const MOST_MOVES = 3

/**
 * A lease whose once call moves when its plugin crashes before it has begun with it: to another replica, or to the next one
 * that becomes ready. Sessions stay where they are.
 */
export class ReplicaLease implements Lease {
  private call: PluginCall | undefined
  private cancelled: ServiceError | undefined
  private stopWaiting: ((reason: ServiceError) => void) | undefined
  private retried = false
  private moves = 0

  /** @param place undefined: it is waited for */
  constructor(
    private place: Place | undefined,
    private readonly places: Places,
    private readonly options: LeaseOptions,
  ) {}

  once(call: WrapperCall): Promise<WrapperResult> {
    if (this.place === undefined) return this.find(call).then(() => this.once(call))
    const begun = this.place.plugin.channel.once(call)
    this.hold(this.place, begun, call.deadline)
    return begun.result.catch(error => this.move(error, begun, call, () => this.once(call)))
  }

  stream(call: WrapperCall): AsyncIterable<WrapperResult> {
    const begin = (place: Place) => {
      const begun = place.plugin.channel.stream(call)
      this.hold(place, begun, call.deadline)
      return { begun, results: begun.results[Symbol.asyncIterator]() }
    }
    let running = this.place && begin(this.place)
    let given = false
    const first = async (): Promise<IteratorResult<WrapperResult>> => {
      running ??= begin(await this.find(call))
      const { begun, results } = running
      try {
        const result = await results.next()
        given = true
        return result
      } catch (error) {
        running = undefined
        return this.move(error, begun, call, first)
      }
    }
    const iterator: AsyncIterator<WrapperResult> = {
      next: () => (given && running ? running.results.next() : first()),
      return: async () => {
        await running?.results.return?.()
        return { value: undefined, done: true }
      },
    }
    return { [Symbol.asyncIterator]: () => iterator }
  }

  async open(call: SessionCall): Promise<WrapperSession> {
    const place = this.place ?? (await this.find(call))
    const session = place.plugin.channel.open(call)
    this.call = session
    await session.opened
    return session
  }

  cancel(reason: ServiceError): void {
    this.cancelled = reason
    this.stopWaiting?.(reason)
    this.call?.cancel(reason)
  }

  release(onIdle: () => void): void {
    const { call, place } = this
    const idle = () => {
      place?.leave()
      this.places.returned()
      onIdle()
    }
    if (call === undefined || place === undefined) {
      idle()
      return
    }
    // A session has no deadline of its own; nobody needs this one any more.
    if (place.dueAt === Number.POSITIVE_INFINITY) place.dueAt = performance.now() + this.options.hangTimeoutMs
    call.whenIdle(idle)
  }

  private hold(place: Place, call: PluginCall, deadline: number): void {
    this.call = call
    place.dueAt = Math.max(deadline, performance.now() + this.options.hangTimeoutMs)
  }

  /** @throws the error that ended the call, if it cannot be begun anew */
  private async move<Result>(
    error: unknown,
    { begun }: PluginCall,
    call: SessionCall,
    restart: () => Promise<Result>,
  ): Promise<Result> {
    const crashed = error instanceof ServiceError && error.reason === 'plugin_crashed'
    const again = begun ? this.options.retryCrashed && !this.retried : this.moves < MOST_MOVES
    if (!crashed || this.cancelled || !again) throw error
    if (begun) this.retried = true
    else this.moves += 1
    this.place?.leave()
    this.place = undefined
    this.call = undefined
    const place = await this.wait().catch(unavailable => {
      // A call that has begun once, and will not begin anew, is told of that, and not that nobody was there to begin it.
      throw this.cancelled ?? (this.retried ? error : unavailable)
    })
    place.plugin.resources.assertWanted(call.resources)
    return restart()
  }

  /** Waits for a place. @throws ServiceError `resource_unknown` when a resource of the call was unloaded meanwhile */
  private async find({ resources }: SessionCall): Promise<Place> {
    const place = await this.wait()
    place.plugin.resources.assertWanted(resources)
    return place
  }

  /** Waits for a place. Its end is the deadline of the call, at which whoever holds the lease cancels it. */
  private wait(): Promise<Place> {
    return new Promise((resolve, reject) => {
      let stop = () => {}
      const end = () => {
        stop()
        this.stopWaiting = undefined
      }
      const fail = (error: unknown) => {
        end()
        reject(error)
      }
      const look = () => {
        try {
          this.place = this.places.take()
        } catch (error) {
          fail(error)
          return
        }
        if (this.place === undefined) return
        end()
        resolve(this.place)
      }
      this.stopWaiting = fail
      stop = this.places.onChange(look)
      if (this.cancelled) fail(this.cancelled)
      else look()
    })
  }
}
