import { randomUUID } from 'node:crypto'
import type { ServerDuplexStream, ServerWritableStream } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { Authenticator } from '../../auth/apps.js'
import type { ServiceError } from '../../core/error.js'
import type { InferenceResult, InferenceService, RequestContext } from '../../core/inference.js'
import type { InferenceHandlers } from '../../gen/gateway/aiges/v1/Inference.js'
import type { InferenceInput__Output } from '../../gen/gateway/aiges/v1/InferenceInput.js'
import type { InferenceOutput } from '../../gen/gateway/aiges/v1/InferenceOutput.js'
import type { ProtoGrpcType } from '../../gen/gateway/aiges-v1.js'
import type { RpcGateway } from '../../rpc/gateway.js'
import { loadProto, loadProtoDefinition } from '../../rpc/proto.js'
import { callDeadline, callSignal, type ServerCall, sendMessage } from '../../rpc/server-call.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { appOfCall, type IdentifiableCall } from '../shared/call-authentication.js'
import { failureLevel } from '../shared/failure-level.js'
import { knownModel } from '../shared/known-model.js'
import { checkNamedApp } from '../shared/named-app.js'
import { metadataPriority } from '../shared/request-limits.js'
import { toInferenceRequest, toOutput } from './codec.js'
import { type RpcFailure, toRpcFailure } from './error-map.js'
import { openCallSession } from './session.js'

export interface AigesV1Options {
  readonly inference: InferenceService
  readonly log: Logger
  /** Knows the apps, where callers have to say whose a call is. Default: they do not. */
  readonly authenticator?: Pick<Authenticator, 'identify'>
  /** Is told of every call that fails, with the name of the model if it is known. Default: nobody is told. */
  readonly onFailure?: (model: string | undefined, error: ServiceError) => void
}

/** Adds aiges.v1.Inference. */
export function addAigesV1Service(server: RpcGateway, options: AigesV1Options): void {
  const { inference, log, authenticator } = options
  const fail = (thrown: unknown, sid: string, name?: string): RpcFailure => {
    const { error, code, details, metadata } = toRpcFailure(thrown, sid)
    options.onFailure?.(knownModel(inference, name), error)
    const record = { sid, reason: error.reason, ...(error.cause === undefined ? {} : { err: error.cause }) }
    log[failureLevel(error)](record, error.message)
    return { code, details, metadata }
  }

  const handlers: InferenceHandlers = {
    Exec: (call, callback) => {
      const sid = sidOf(call.request)
      const run = async () => {
        const ctx = contextOf(call, call.request, { sid, authenticator })
        const result = await inference.once(toInferenceRequest(call.request, sid), ctx)
        return toOutput(result, 0, routeOf(call.request, sid))
      }
      run().then(
        output => callback(null, output),
        thrown => callback(fail(thrown, sid, call.request.model)),
      )
    },

    ExecStream: call => {
      const sid = sidOf(call.request)
      const run = async () => {
        const ctx = contextOf(call, call.request, { sid, authenticator })
        const results = inference.stream(toInferenceRequest(call.request, ctx.sid), ctx)
        await sendResults(call, results, call.request, ctx)
      }
      run().then(
        () => call.end(),
        thrown => call.emit('error', fail(thrown, sid, call.request.model)),
      )
    },

    Stream: call => {
      // The first message may bring another.
      let sid: string = randomUUID()
      let model: string | undefined
      const run = async () => {
        const signal = callSignal(call)
        const opened = await openCallSession(inference, call, signal, first => {
          sid = sidOf(first)
          model = first.model
          return contextOf(call, first, { sid, authenticator, signal })
        })
        try {
          await sendResults(call, opened.session.results, opened.first, opened.ctx)
        } finally {
          opened.session.close()
        }
      }
      run().then(
        () => call.end(),
        thrown => call.emit('error', fail(thrown, sid, model)),
      )
    },
  }

  server.addService(loadProto<ProtoGrpcType>('gateway', 'aiges-v1.proto').aiges.v1.Inference.service, handlers)
  server.describe(() => loadProtoDefinition('gateway', 'aiges-v1.proto'))
}

/** @throws ServiceError `unauthenticated`, `permission_denied`, `parameter_missing` when the metadata is not what it may be */
function contextOf(
  call: ServerCall & IdentifiableCall,
  { route }: InferenceInput__Output,
  { sid, authenticator, signal = callSignal(call) }: CallOptions,
): RequestContext {
  const app = appOfCall(authenticator, call)
  checkNamedApp(app, route?.appid || app, 'route.appid')
  const deadline = callDeadline(call)
  return {
    ...{ sid, protocol: 'aiges-v1', signal },
    ...(app !== undefined && { app }),
    ...(deadline !== undefined && { deadline }),
    ...metadataPriority(call),
  }
}

interface CallOptions {
  readonly sid: string
  readonly authenticator: AigesV1Options['authenticator']
  readonly signal?: AbortSignal
}

function sidOf({ route }: InferenceInput__Output): string {
  return route?.session_id || randomUUID()
}

function routeOf({ route }: InferenceInput__Output, sid: string) {
  return { session_id: sid, trace_id: route?.trace_id ?? '' }
}

/** Sends results as they come and no faster than the client reads. */
async function sendResults(
  call:
    | ServerWritableStream<InferenceInput__Output, InferenceOutput>
    | ServerDuplexStream<InferenceInput__Output, InferenceOutput>,
  results: AsyncIterable<InferenceResult>,
  request: InferenceInput__Output,
  ctx: RequestContext,
): Promise<void> {
  let seq = 0
  for await (const result of results) {
    seq += 1
    const output = toOutput(result, seq, seq === 1 ? routeOf(request, ctx.sid) : null)
    await sendMessage(call, output, ctx.signal).catch(alreadyCounted)
  }
}
