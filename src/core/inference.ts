import type { ModelInfo } from './model.js'
import type { Accept, Payload, Status } from './payload.js'

export interface InferenceRequest {
  /** The model's name; empty means the only or first one. */
  readonly model: string
  /** The client's parameters in string form. */
  readonly parameters: Readonly<Record<string, string>>
  readonly payloads: readonly Payload[]
  /** Outputs that the client wants; none means all of them. */
  readonly accepts: readonly Accept[]
}

export interface InferenceResult {
  readonly status: Status
  readonly payloads: readonly Payload[]
}

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
}

/** What every front-end knows of the daemon's core, and all that it knows. */
export interface InferenceService {
  models(): readonly ModelInfo[]
  /**
   * Finds a model by its name; an empty name finds the first one.
   * @throws ServiceError `model_unknown`
   */
  model(name: string): ModelInfo
  /**
   * Runs one request to its one result. The result holds what the request asked for and nothing else.
   * @throws ServiceError with any reason of the catalogue, and nothing but ServiceError
   */
  once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult>
}
