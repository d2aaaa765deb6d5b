import { randomUUID } from 'node:crypto'
import type { handleUnaryCall, Metadata, ServerUnaryCall } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { Authenticator } from '../../auth/apps.js'
import { ServiceError } from '../../core/error.js'
import type { RequestContext } from '../../core/inference.js'
import type { ModelInfo } from '../../core/model.js'
import type { GRPCInferenceServiceHandlers } from '../../gen/gateway/inference/GRPCInferenceService.js'
import type { ModelInferRequest__Output } from '../../gen/gateway/inference/ModelInferRequest.js'
import type { ProtoGrpcType } from '../../gen/gateway/oip.js'
import type { RpcGateway } from '../../rpc/gateway.js'
import { loadProto, loadProtoDefinition } from '../../rpc/proto.js'
import { callDeadline, callSignal, type ServerCall } from '../../rpc/server-call.js'
import { alreadyCounted } from '../../telemetry/instrumented-inference.js'
import { appOfCall } from '../shared/call-authentication.js'
import { failureLevel } from '../shared/failure-level.js'
import { knownModel } from '../shared/known-model.js'
import { metadataPriority } from '../shared/request-limits.js'
import { ABSENT } from './absent.js'
import { type OipFailure, toOipFailure } from './error-map.js'
import { deadlineOf, toInferenceRequest, toOutputs } from './infer-call.js'
import { answerRequests, type StreamedRequest } from './infer-stream.js'
import { decodeInferMessage, encodeInferMessage, isTyped } from './message-codec.js'
import { modelConfig, modelMetadata, repositoryIndex } from './model-documents.js'
import { createRepository } from './repository.js'
import type { OipOptions } from './routes.js'
import { serverMetadata, serverReady, serverStatistics } from './server-state.js'

export interface OipServiceOptions extends OipOptions {
  readonly log: Logger
  /** Knows the apps, where callers have to say whose a call is. Default: they do not. */
  readonly authenticator?: Pick<Authenticator, 'identify'>
  /** Is told of every call that fails, with the name of the model if it is known. Default: nobody is told. */
  readonly onFailure?: (model: string | undefined, error: ServiceError) => void
}

/** Adds inference.GRPCInferenceService: the Open Inference Protocol over gRPC. */
export function addOipService(server: RpcGateway, options: OipServiceOptions): void {
  const { inference, log, authenticator } = options
  const repository = createRepository(options)
  const stopping = new AbortController()
  server.onStopping(async () => stopping.abort(new ServiceError('not_ready', 'the service is shutting down')))

  const report = (thrown: unknown, sid: string, name?: string): OipFailure => {
    const { error, ...failure } = toOipFailure(thrown, sid)
    log[failureLevel(error)](
      { sid, reason: error.reason, ...(error.cause !== undefined && { err: error.cause }) },
      error.message,
    )
    options.onFailure?.(knownModel(inference, name), error)
    return failure
  }

  /** Makes a handler, for everybody, of what answers a call or throws. */
  const openUnary =
    <Request, Response>(
      answer: (request: Request, call: ServerUnaryCall<Request, Response>, sid: string) => Response | Promise<Response>,
    ): handleUnaryCall<Request, Response> =>
    (call, callback) => {
      const sid = randomUUID()
      const answered = new Promise<Response>(resolve => resolve(answer(call.request, call, sid)))
      answered.then(
        response => callback(null, response),
        thrown => callback(report(thrown, sid, nameIn(call.request))),
      )
    }

  /** The same for apps alone. */
  const unary = <Request, Response>(
    answer: (
      request: Request,
      call: ServerUnaryCall<Request, Response>,
      caller: Caller,
    ) => Response | Promise<Response>,
  ) => {
    return openUnary<Request, Response>((request, call, sid) => {
      const app = appOfCall(authenticator, call)
      return answer(request, call, { sid, ...(app !== undefined && { app }) })
    })
  }

  const modelOf = ({ name, version }: { name: string; version: string }) => inference.model(name, version || undefined)

  const prepare = (
    message: ModelInferRequest__Output,
    { call, caller, signal = callSignal(call) }: { call: ServerCall; caller: Caller; signal?: AbortSignal },
  ): StreamedRequest => {
    const model = modelOf({ name: message.model_name, version: message.model_version })
    const infer = decodeInferMessage(message)
    const deadline = earliest(callDeadline(call), deadlineOf(infer))
    const ctx = {
      ...caller,
      ...{ protocol: 'oip-grpc', signal },
      ...(deadline !== undefined && { deadline }),
      ...metadataPriority(call),
    }
    return { call: infer, model, request: toInferenceRequest(infer, model, ctx.sid), ctx }
  }

  const handlers: GRPCInferenceServiceHandlers = {
    ServerLive: openUnary(() => ({ live: true })),
    ServerReady: openUnary(() => ({ ready: serverReady(options) })),
    ModelReady: unary(({ name, version }) => ({ ready: isReady(inference.models(), name, version) })),
    ServerMetadata: unary(() => serverMetadata(options)),
    ModelMetadata: unary(request => modelMetadata(modelOf(request))),
    ModelConfig: unary(request => ({ config: modelConfig(modelOf(request)) })),
    ModelStatistics: unary(({ name, version }) => serverStatistics(options, name, version)),

    RepositoryIndex: unary(({ ready }) => ({ models: repositoryIndex(inference.models(), ready) })),
    // The admin token says who may do these.
    RepositoryModelLoad: openUnary(async ({ model_name, parameters }, call) => {
      await repository.load(model_name, Object.keys(parameters), authorizationOf(call))
      return {}
    }),
    RepositoryModelUnload: openUnary(async ({ model_name }, call) => {
      await repository.unload(model_name, authorizationOf(call))
      return {}
    }),

    ModelInfer: unary(async (message, call, caller) => {
      const { call: infer, model, request, ctx } = prepare(message, { call, caller })
      const result = await inference.once(request, ctx)
      try {
        return encodeInferMessage({ model, id: infer.id, outputs: toOutputs(result, infer) }, isTyped(message))
      } catch (error) {
        return alreadyCounted(error)
      }
    }),
    ModelStreamInfer: call => {
      const signal = callSignal(call)
      let sid: string = randomUUID()
      const answer = async () => {
        const app = appOfCall(authenticator, call)
        await answerRequests(call, signal, {
          inference,
          stopping: stopping.signal,
          prepare: message => {
            sid = randomUUID()
            return prepare(message, { call, caller: { sid, ...(app !== undefined && { app }) }, signal })
          },
          onFailure: (error, message) => void report(error, sid, message.model_name),
        })
      }
      answer().then(
        () => call.end(),
        thrown => {
          // Its requests have had their errors; that the stream ends is none of its own.
          const { error, ...failure } = toOipFailure(thrown, sid)
          log.info({ sid, reason: error.reason }, error.message)
          call.emit('error', failure)
        },
      )
    },

    SystemSharedMemoryStatus: unsupported(ABSENT.sharedMemory),
    SystemSharedMemoryRegister: unsupported(ABSENT.sharedMemory),
    SystemSharedMemoryUnregister: unsupported(ABSENT.sharedMemory),
    CudaSharedMemoryStatus: unsupported(ABSENT.sharedMemory),
    CudaSharedMemoryRegister: unsupported(ABSENT.sharedMemory),
    CudaSharedMemoryUnregister: unsupported(ABSENT.sharedMemory),
    TraceSetting: unsupported(ABSENT.traces),
    LogSettings: unsupported(ABSENT.logSettings),
  }

  function unsupported(why: string) {
    return unary<object, object>(() => {
      throw new ServiceError('operation_unknown', why)
    })
  }

  server.addService(loadProto<ProtoGrpcType>('gateway', 'oip.proto').inference.GRPCInferenceService.service, handlers)
  server.describe(() => loadProtoDefinition('gateway', 'oip.proto'))
}

/** Whose call it is, and how it is called. */
type Caller = Pick<RequestContext, 'sid' | 'app'>

/** A model or version that is not there is not ready: clients ask to find out. */
function isReady(models: readonly ModelInfo[], name: string, version: string): boolean {
  const model = models.find(candidate => candidate.name === name || candidate.aliases.includes(name))
  if (version === '') return model?.readiness.ready ?? false
  return model?.versions.find(candidate => candidate.version === version)?.readiness.ready ?? false
}

function authorizationOf({ metadata }: { readonly metadata: Metadata }): string | undefined {
  return metadata.get('authorization')[0]?.toString()
}

/** The model that a request names, whichever field it has for that. */
function nameIn(request: unknown): string | undefined {
  const { name, model_name } = request as { name?: string; model_name?: string }
  return model_name ?? name
}

function earliest(...deadlines: readonly (number | undefined)[]): number | undefined {
  const given = deadlines.filter(deadline => deadline !== undefined)
  return given.length === 0 ? undefined : Math.min(...given)
}
