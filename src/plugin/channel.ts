import type { SessionCall, WrapperCall, WrapperResult, WrapperSession } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import type { Usage } from '../core/inference.js'
import type { MethodInfo, ModelAbilities, Signature } from '../core/model.js'
import type { Payload } from '../core/payload.js'
import type { UnaryOptions } from '../rpc/unary.js'

/** What a plugin said when its wrapper was initialised. */
export interface PluginDescription {
  /** Schema JSON; undefined when the wrapper has none. */
  readonly schema: string | undefined
  /** Why there is no schema, when the plugin failed to give one. */
  readonly schemaProblem?: string
  readonly version: string | undefined
  readonly abilities: ModelAbilities
  readonly signature: Signature
  readonly methods: readonly MethodInfo[]
  /** The SDK that answered, as far as it says. */
  readonly sdk: string
}

export interface PluginInit {
  readonly config: Readonly<Record<string, string>>
  readonly model: string
  readonly concurrency: number
  /** Most requests that the wrapper may be given at once, if it takes several; 0 leaves that to the plugin. */
  readonly maxBatch: number
  /** How long a request may wait for others to be given to the wrapper with it, in ms. */
  readonly maxBatchDelayMs: number
}

/** One plugin process as seen through its protocol. */
export interface PluginChannel {
  readonly protocol: number
  /**
   * Connects, initialises the wrapper and asks for its schema. Called once, before anything else.
   * @throws InitError when the plugin refuses, and whatever the transport throws
   */
  init(init: PluginInit, signal: AbortSignal): Promise<PluginDescription>
  /** @see Lease.once */
  once(call: WrapperCall): OnceCall
  /** @see Lease.stream */
  stream(call: WrapperCall): StreamCall
  /** @see Lease.open */
  open(call: SessionCall): SessionHandle
  /** How the wrapper is given resources; absent where the protocol has no such calls. */
  readonly resources?: ResourceCalls
  /**
   * Asks for an orderly exit; resolves when the plugin agreed and is about to end by itself.
   * @throws the gRPC error when it did not within `graceMs`
   */
  shutdown(graceMs: number): Promise<void>
  /** Fails whatever is in flight with `reason` and lets go of the connection. */
  close(reason: ServiceError): void
}

/** Hands a wrapper resources and takes them back; one call at a time. */
export interface ResourceCalls {
  /**
   * @param id the number by which requests name it
   * @throws ServiceError `wrapper_failed`, `plugin_call_failed`, or the signal's reason
   */
  load(id: number, payloads: readonly Payload[], options: UnaryOptions): Promise<void>
  /** @throws as `load` */
  unload(id: number, options: UnaryOptions): Promise<void>
}

/** A call in whatever form: what can be done with it from outside. */
export interface PluginCall {
  /**
   * Whether the wrapper has, or may have, begun with it. Known for certain only when the call has failed because its plugin
   * ended.
   */
  readonly begun: boolean
  /** @see Lease.cancel */
  cancel(reason: ServiceError): void
  /** Calls back when the wrapper no longer works on this call; at once when it already does not. */
  whenIdle(listener: () => void): void
}

export interface OnceCall extends PluginCall {
  readonly result: Promise<WrapperResult>
}

export interface StreamCall extends PluginCall {
  readonly results: AsyncIterable<WrapperResult>
}

export interface SessionHandle extends PluginCall, WrapperSession {
  /** Resolves when the wrapper has created the session; rejects with the reason for which it did not. */
  readonly opened: Promise<void>
}

/** Where a channel puts what a plugin answers. */
export interface ResultSink {
  /** @see PluginCall.begun */
  begun: boolean
  add(payloads: readonly Payload[], last: boolean, usage?: Usage): void
  /** The wrapper has answered for the last time. */
  finish(): void
  /** The wrapper, or the connection to it, has failed; nothing more comes. */
  fail(error: unknown): void
  /** Fails the call for its client, while the plugin is still busy with it. */
  reject(error: unknown): void
}

/** The plugin runs but its wrapper could not be initialised. */
export class InitError extends Error {
  override readonly name = 'InitError'
  constructor(
    readonly ret: number,
    message: string,
  ) {
    super(message)
  }
}

/** Codes that the SDK answers with for its own failures (plugin protocol 1). */
export const SDK_CODES: Readonly<Record<number, string>> = {
  30001: 'the wrapper cannot be loaded',
  30002: "the wrapper's wrapperInit failed",
  30003: 'the wrapper raised an exception or returned nothing usable',
}

/** What a plugin refused because of the request, before the wrapper's own code had a say. */
export function invalidInput(text: string): ServiceError {
  return new ServiceError('schema_violation', text || undefined)
}

/** A non-zero answer of the wrapper as an error; its own text if it has one. */
export function wrapperError(ret: number, text: string): ServiceError {
  return new ServiceError('wrapper_failed', text || SDK_CODES[ret] || 'wrapper error', { wrapperRet: ret })
}
