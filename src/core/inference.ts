import type { ServiceError } from './error.js'
import type { ModelInfo } from './model.js'
import type { Accept, Payload, Status } from './payload.js'

export interface InferenceRequest {
  /** The model's name or alias; empty means the only or first one. */
  readonly model: string
  /** Default: the newest version that is ready. */
  readonly version?: string
  /** One of the model's methods; default: the wrapper's plain call. */
  readonly method?: string
  /** Resources that the request uses, by the ids under which `AdminService.loadResource` made them known. */
  readonly resources?: readonly string[]
  /** The client's parameters in string form. */
  readonly parameters: Readonly<Record<string, string>>
  readonly payloads: readonly Payload[]
  /** Outputs that the client wants; none means all of them. */
  readonly accepts: readonly Accept[]
}

/** Opens a session: what a request says, without its data. */
export interface SessionRequest {
  readonly model: string
  readonly version?: string
  readonly resources?: readonly string[]
  readonly parameters: Readonly<Record<string, string>>
  readonly accepts: readonly Accept[]
  /**
   * The first frame, where it is there already and has no number: it goes to the wrapper with the opening, which is not
   * waited for in between. What becomes of it the results tell.
   */
  readonly first?: SessionFrame
  /** The session ends when nobody writes or reads for this long, in ms. Default: the model's (`[fc] ttl`). */
  readonly idleTimeoutMs?: number
  /** And when it is older than this, in ms. Default: no limit. */
  readonly maxAgeMs?: number
  /** Number of the first frame, for front-ends whose frames may overtake one another. Default 0. */
  readonly firstSyncId?: number
}

/** A piece of a session's input. */
export interface SessionFrame {
  readonly payloads: readonly Payload[]
  /** No further frame follows. */
  readonly last: boolean
  /** Position in the stream; absent: the frame comes in order. */
  readonly syncId?: number
}

/** A stream of frames in and results out, pinned to one replica. It holds a slot from open to end. */
export interface Session {
  /**
   * Hands a frame to the wrapper, in order. Resolves when the wrapper takes more; await it before the next write.
   * A frame that is early waits for the missing ones; one that was written before is dropped.
   * @throws ServiceError `session_ended` after the last frame or the end, `frame_missing`, `plugin_crashed`, …
   */
  write(frame: SessionFrame): Promise<void>
  /**
   * Results as they come, to one reader; ends after the one with status end.
   * @throws ServiceError with the reason for which the session ended early
   */
  readonly results: AsyncIterable<InferenceResult>
  /** Resolves with the reason when the session has ended early, however many results are still to be read. */
  readonly failed: Promise<ServiceError>
  /** The client needs nothing more: ends the session without an error. */
  close(): void
  /** Ends the session with an error, which the reader of the results gets. */
  abort(reason: ServiceError): void
}

export interface InferenceResult {
  readonly status: Status
  readonly payloads: readonly Payload[]
  readonly usage?: Usage
}

/** What a request has used so far, in tokens or whatever the model counts; only from wrappers that count. */
export interface Usage {
  readonly input: number
  readonly output: number
}

/** Priority of requests that say nothing of it. */
export const DEFAULT_PRIORITY = 5

/** Made once per request by the front-end and handed down unchanged. */
export interface RequestContext {
  /** Names the request in answers and logs. */
  readonly sid: string
  /** The front-end that it came through, for metrics and logs. */
  readonly protocol: string
  /** Aborted when the client left. */
  readonly signal: AbortSignal
  /** Latest time of an answer in ms on the clock of `performance.now()`; the model's own limit may be earlier. */
  readonly deadline?: number
  /** 0 to 9; a higher one is served first. Default: `DEFAULT_PRIORITY`. */
  readonly priority?: number
  /** Whose request it is, where clients have to say; for limits, metrics and logs. */
  readonly app?: string
}

/** What every front-end knows of the daemon's core, and all that it knows. */
export interface InferenceService {
  models(): readonly ModelInfo[]
  /**
   * Finds a model by its name or alias; an empty name finds the first one.
   * @param version default: the newest version that is ready
   * @throws ServiceError `model_unknown`, `version_unknown`
   */
  model(name: string, version?: string): ModelInfo
  /**
   * Runs one request to its one result. The result holds what the request asked for and nothing else.
   * @throws ServiceError with any reason of the catalogue, and nothing but ServiceError
   */
  once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult>
  /**
   * Runs one request whose results are handed on as they come; the last one has status end. Leaving the loop cancels it.
   * @throws ServiceError, as `once`
   */
  stream(request: InferenceRequest, ctx: RequestContext): AsyncIterable<InferenceResult>
  /**
   * Opens a session. `ctx.signal` ends it as `abort` does; `ctx.deadline` limits the wait for a slot and the opening.
   * @throws ServiceError `no_slot`, `not_ready`, `wrapper_failed`, …
   */
  open(request: SessionRequest, ctx: RequestContext): Promise<Session>
}
