import type { DataType } from './payload.js'

export type JsonObject = { readonly [key: string]: unknown }

/** What a wrapper says about its inputs and outputs. */
export interface ModelSchema {
  /** The wrapper's own name for its service; clients may use it instead of the model's name in `parameter`. */
  readonly serviceId: string
  readonly version: string
  /** Further HTTP paths under which the wrapper wants to be reached, such as `/v1/private/mnist`. */
  readonly routes: readonly string[]
  /** Inputs and outputs by name, with the type of their data. */
  readonly inputs: ReadonlyMap<string, DataType>
  readonly outputs: ReadonlyMap<string, OutputSchema>
  /** JSON schema of a whole ASE request (header, parameter, payload) and of its answer, as the wrapper gave them. */
  readonly request: JsonObject
  readonly response: JsonObject
  /** A complete ASE request that works as it stands, when the wrapper brings one. */
  readonly example?: JsonObject
}

export interface OutputSchema {
  readonly type: DataType
  /** encoding, compress, format, … that the output has when a client does not ask for others. */
  readonly attributes: Readonly<Record<string, string>>
}

export interface ModelAbilities {
  readonly once: boolean
  readonly streamingOutput: boolean
  readonly sessions: boolean
}

/** Whether a request would be served now, or why it would not. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly why: string }

export interface ModelInfo {
  readonly name: string
  readonly readiness: Readiness
  /** Known from the first successful start on. */
  readonly schema?: ModelSchema
  readonly version?: string
  readonly abilities?: ModelAbilities
}
