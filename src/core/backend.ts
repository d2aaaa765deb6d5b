import type { ServiceError } from './error.js'
import type { Usage } from './inference.js'
import type { MethodInfo, ModelAbilities, ModelSchema, Readiness, Signature } from './model.js'
import type { Payload } from './payload.js'

/** A once call as a wrapper sees it. */
export interface WrapperCall {
  readonly sid: string
  readonly parameters: Readonly<Record<string, string>>
  readonly payloads: readonly Payload[]
  /** Latest time of an answer in ms on the clock of `performance.now()`. */
  readonly deadline: number
  /** One of the wrapper's methods; default: its plain call. */
  readonly method?: string
  /** Resources that the call uses, by their numbers. */
  readonly resources?: readonly number[]
}

/** What opens a session. */
export interface SessionCall extends Omit<WrapperCall, 'payloads' | 'method'> {
  /** The first frame; a wrapper that does not create the session does not get it. */
  readonly first?: readonly Payload[]
}

/** What a wrapper gave in one go. */
export interface WrapperResult {
  readonly payloads: readonly Payload[]
  /** Nothing more follows. */
  readonly last: boolean
  readonly usage?: Usage
}

/** A place on one replica. Whoever acquires it must release it, whatever happened. */
export interface Lease {
  /**
   * Runs one call; at most one in the life of a lease.
   * @throws ServiceError `wrapper_failed`, `plugin_call_failed`, `plugin_crashed`, `not_ready` when it had not begun when
   * its plugin crashed and no other is to be expected, or what `cancel` gave
   */
  once(call: WrapperCall): Promise<WrapperResult>
  /** Like `once`, results as they come; leaving the loop cancels the call. */
  stream(call: WrapperCall): AsyncIterable<WrapperResult>
  /**
   * Opens a session instead of running a call; resolves when the wrapper has created it.
   * @throws ServiceError `wrapper_failed`, `plugin_call_failed`, `plugin_crashed`, or what `cancel` gave
   */
  open(call: SessionCall): Promise<WrapperSession>
  /** Gives the call up: `once` or `open` rejects with the reason at once, and the wrapper is told if it can be told. */
  cancel(reason: ServiceError): void
  /**
   * Gives the place back. Calls `onIdle` once the wrapper no longer works on what the lease began: at once in the
   * ordinary case, later when a call was given up that cannot be interrupted.
   */
  release(onIdle: () => void): void
}

/** A session as a wrapper sees it. Its frames come in order. */
export interface WrapperSession {
  /** Resolves when the wrapper takes more. @throws ServiceError `wrapper_failed` with the code that the wrapper gave */
  write(payloads: readonly Payload[]): Promise<void>
  /** Results as they come, to one reader; ends after the last. */
  readonly results: AsyncIterable<WrapperResult>
  /** Resolves with the error when the wrapper, or its plugin, has failed, however many results are still to be read. */
  readonly failed: Promise<unknown>
  /** Has the wrapper destroy the session, unless it has already. `Lease.cancel` does the same for a reason. */
  close(): void
}

/** The resources of a model by their numbers, as they are now. */
export type Resources = ReadonlyMap<number, readonly Payload[]>

/** What the session layer knows of plugins: the replicas of one model. */
export interface WrapperBackend {
  readonly readiness: Readiness
  /** Whether none is ready, but one that has been is about to be again: it is being started, and that is no crash loop. */
  readonly restarting: boolean
  readonly schema: ModelSchema | undefined
  readonly abilities: ModelAbilities | undefined
  /** What the wrapper says of its own version. */
  readonly version: string | undefined
  readonly signature: Signature | undefined
  readonly methods: readonly MethodInfo[] | undefined
  /**
   * Picks the replica with the most room.
   * @throws ServiceError `not_ready` when no replica is ready
   */
  acquire(): Lease
  /**
   * Has every replica that is ready load and unload what its resources differ by from those of the model. Replicas that
   * start do so before they are ready.
   * @throws ServiceError `wrapper_failed` with the wrapper's code when one refuses, `plugin_call_failed`
   */
  syncResources(): Promise<void>
  /** Calls back after every change of readiness; returns the function that stops it. */
  onChange(listener: () => void): () => void
}

/** How one replica is. */
export interface ReplicaStatus {
  /** Whether it would take a request now. */
  readonly up: boolean
  /** Whether its start has failed again and again; it is tried further. */
  readonly crashLoop: boolean
}

/** The same with a life that somebody else rules: created, started once, drained, stopped. */
export interface ManagedBackend extends WrapperBackend {
  /** Whether a second one of the same kind would get in its way, as both need the same port. Known once it has started. */
  readonly exclusive: boolean
  /** In the order of their numbers. */
  readonly replicas: readonly ReplicaStatus[]
  /**
   * Resolves when a replica is ready.
   * @throws Error with all that was seen when none started; they are tried again until `stop`
   */
  start(): Promise<void>
  /** Resolves when the wrappers no longer work on anything, at the latest after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>
  /** Ends the replicas, those that are starting too. Calls that are still in flight fail with `not_ready`. */
  stop(graceMs: number): Promise<void>
}
