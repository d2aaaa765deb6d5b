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
  /** Answers chat requests: the method `chat`, see `CHAT_METHOD`. */
  readonly chat: boolean
  /** Takes resources at run time. */
  readonly resources: boolean
}

/**
 * The method of wrappers with the chat ability. It takes one payload `messages`, JSON as in OpenAI's chat completions,
 * and gives text payloads `content`; the attribute `finish_reason` of the last one says why the text ends there.
 */
export const CHAT_METHOD = 'chat'

/** A tensor that a model takes or gives. */
export interface TensorSpec {
  /** Key of its payload. */
  readonly name: string
  /** As in the Open Inference Protocol: BOOL, UINT8 … FP64, BYTES. */
  readonly datatype: string
  /** -1 stands for any size. */
  readonly shape: readonly number[]
  /** An input that may be left out. */
  readonly optional: boolean
}

/** Tensors in and out, where a wrapper declares them; both empty where it does not. */
export interface Signature {
  readonly inputs: readonly TensorSpec[]
  readonly outputs: readonly TensorSpec[]
}

/** A call that clients address by name, beside the wrapper's plain one. */
export interface MethodInfo extends Signature {
  readonly name: string
}

/** Whether a request would be served now, or why it would not. */
export type Readiness = { readonly ready: true } | { readonly ready: false; readonly why: string }

/** One version of a model. Versions are positive whole numbers in decimal notation. */
export interface VersionInfo {
  readonly version: string
  readonly readiness: Readiness
}

export interface ModelInfo {
  readonly name: string
  /** The version that this describes: the one that was asked for, else the one that answers requests that name none. */
  readonly version: string
  /** Every version that is configured, the newest first. */
  readonly versions: readonly VersionInfo[]
  /** Other names of the model. */
  readonly aliases: readonly string[]
  /** Number of the model, for protocols that address models by number. */
  readonly mid?: number
  /** A session ends when nobody writes or reads for this long, in ms, unless the one who opens it says otherwise. */
  readonly sessionIdleMs: number
  readonly readiness: Readiness
  /** This and all below: known from the first successful start on. */
  readonly schema?: ModelSchema
  /** What the wrapper says of its own version. */
  readonly wrapperVersion?: string
  readonly abilities?: ModelAbilities
  /** Of the plain call. */
  readonly signature?: Signature
  readonly methods?: readonly MethodInfo[]
}
