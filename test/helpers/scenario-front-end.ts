import type { Reason } from '../../src/core/error.js'

/** Where a daemon listens. */
export interface Addresses {
  /** With its scheme. */
  readonly http: string
  readonly grpc: string
}

/** A request to the scenario wrapper, in no protocol's words. */
export interface ScenarioRequest {
  /** Default: the one that there is. */
  readonly model?: string
  /** The one input; without it the request has none. */
  readonly text?: string
  /** How the wrapper goes wrong; default: not at all. */
  readonly fault?: string
}

/** What a client learned. */
export interface Outcome {
  /** The text of all results, in their order. */
  readonly text: string
  /** The error as the protocol shows it; absent when there was none. */
  readonly failure?: Readonly<Record<string, unknown>>
}

/** What the scenarios need to know of a front-end. */
export interface FrontEnd {
  readonly name: string
  /** Its name in the daemon's metrics. */
  readonly protocol: string
  /**
   * Sends a request, for a session its only frame, and reads to the end.
   * @param signal the client leaves; the promise is then rejected
   */
  send(at: Addresses, request: ScenarioRequest, signal: AbortSignal): Promise<Outcome>
  /** How `Outcome.failure` shows a reason, by the front-end's own error map. */
  renders(reason: Reason): NonNullable<Outcome['failure']>
}

/** The name of the service that every test daemon has. */
export const MODEL = 'svcName'
