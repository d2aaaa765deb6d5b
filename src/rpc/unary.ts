import {
  type CallOptions,
  type Client,
  type ClientUnaryCall,
  type ServiceError as GrpcError,
  Metadata,
  type requestCallback,
} from '@grpc/grpc-js'

type Invocation<Request, Response> = (
  this: Client,
  argument: Request,
  metadata: Metadata,
  options: CallOptions,
  callback: requestCallback<Response>,
) => ClientUnaryCall

/** A unary method of a generated client. */
export interface UnaryMethod<Request, Response> {
  (...argumentsOfCall: Parameters<Invocation<Request, Response>>): ClientUnaryCall
  (argument: Request, callback: requestCallback<Response>): ClientUnaryCall
}

export interface UnaryOptions {
  /** Ends the call; the promise is then rejected with the signal's reason. */
  readonly signal?: AbortSignal
  /** Latest time of an answer in ms on the clock of `performance.now()`; past it the call ends with DEADLINE_EXCEEDED. */
  readonly deadline?: number
  /** Waits for the connection instead of failing with UNAVAILABLE while there is none. Default false. */
  readonly waitForReady?: boolean
}

/**
 * Calls a unary method, for example `unaryCall(client, client.wrapperInit, { config }, { deadline })`.
 * Rejects with the signal's reason, or with the gRPC error (see `rpcErrorOf`).
 */
export function unaryCall<Request, Response>(
  client: Client,
  method: UnaryMethod<Request, Response>,
  request: Request,
  options: UnaryOptions = {},
): Promise<Response> {
  const { signal, deadline, waitForReady = false } = options
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason)
      return
    }
    const metadata = new Metadata({ waitForReady })
    const callOptions = deadline === undefined ? {} : { deadline: Date.now() + deadline - performance.now() }
    const onAbort = () => {
      reject(signal?.reason)
      call.cancel()
    }
    const invoke: Invocation<Request, Response> = method
    const call = invoke.call(client, request, metadata, callOptions, (error, response) => {
      signal?.removeEventListener('abort', onAbort)
      if (error === null && response !== undefined) resolve(response)
      else reject(error ?? new Error('a unary call ended without a response'))
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

/** The gRPC error that `thrown` is (`code` is one of grpc-js's `status` numbers), or undefined when it is something else. */
export function rpcErrorOf(thrown: unknown): GrpcError | undefined {
  const isRpcError =
    thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number' && 'metadata' in thrown
  return isRpcError ? (thrown as GrpcError) : undefined
}
