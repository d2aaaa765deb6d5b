import { randomUUID } from 'node:crypto'
import type { Metadata } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import type { AdminService } from '../../core/admin.js'
import { ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import {
  type LoaderInput__Output,
  _protocol_LoaderInput_SessState as SessState,
} from '../../gen/gateway/protocol/LoaderInput.js'
import type { ReqData__Output } from '../../gen/gateway/utils/ReqData.js'
import { failureLevel } from '../shared/failure-level.js'
import { knownModel } from '../shared/known-model.js'
import { checkNamedApp } from '../shared/named-app.js'
import { metadataPriority } from '../shared/request-limits.js'
import {
  decodeLoaderInput,
  EMPTY_OUTPUT,
  encodeFailure,
  encodeFrameTaken,
  encodeOnceResult,
  encodeSessionResult,
  toFramePayloads,
  toInferenceRequest,
  toSessionRequest,
} from './codec.js'
import { toXsfFailure } from './error-map.js'
import { loadResource, unloadResource } from './resources.js'
import { MAX_TIMER_MS } from './session.js'
import type { SessionTable } from './session-table.js'

/** How long a call may block when `waitTime` does not say, in ms. Source: reference. */
const DEFAULT_WAIT_MS = 500

/** The name of this front-end in metrics and logs. */
const PROTOCOL = 'xsf'

/**
 * What a session may be told to wait for in the core: nothing, since the table of sessions keeps the idle clock. The core
 * cannot, as it does not see a poll that finds nothing.
 */
const NO_IDLE_LIMIT_MS = MAX_TIMER_MS

/** What callers may change. */
export type XsfAdmin = Pick<AdminService, 'setSlots' | 'loadResource' | 'unloadResource'>

export interface OperationContext {
  readonly inference: InferenceService
  readonly sessions: SessionTable
  /** Absent: slots and resources cannot be changed at run time. */
  readonly admin?: XsfAdmin
  readonly log: Logger
  /** The caller's handle, or the one that the answer gives it; of an app, what it is known by among those of all apps. */
  readonly handle: string
  /** Whose the call is, where callers have to say. */
  readonly app?: string
  /** Aborted when the caller left. */
  readonly signal: AbortSignal
  readonly metadata: Metadata
  /** Is told of every call that is answered with an error, but those of a session that is open. */
  readonly onFailure: (model: string | undefined, error: ServiceError) => void
}

/** What an operation puts into a ResData. */
export interface Answer {
  readonly code: number
  readonly errorInfo: string
  /** A serialized LoaderOutput. */
  readonly output: Uint8Array
}

type Operation = (request: ReqData__Output, context: OperationContext) => Promise<Answer> | Answer

const acceptAndIgnore: Operation = () => answer(EMPTY_OUTPUT)

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['AIIn', send],
  ['AIOut', fetchResult],
  ['AIExcp', abort],
  ['AILBType', changeSlots],
  ['AIDetect', acceptAndIgnore],
  ['AILoad', async (request, { admin }) => answer(await loadResource(request, admin))],
  ['AIUnLoad', async (request, { admin }) => answer(await unloadResource(request, admin))],
  ['AIHotword', acceptAndIgnore],
])

/**
 * Runs the operation that `op` names. Never rejects: a failure is an answer.
 * @param scope gives the context as the caller may use it, or throws
 */
export async function runOperation(
  request: ReqData__Output,
  context: OperationContext,
  scope: () => OperationContext,
): Promise<Answer> {
  try {
    const allowed = scope()
    const operation = OPERATIONS.get(request.op)
    if (operation === undefined) {
      const known = [...OPERATIONS.keys()].join(', ')
      throw new ServiceError('operation_unknown', `invalid service operation "${request.op}"; known are ${known}`)
    }
    return await operation(request, allowed)
  } catch (thrown) {
    context.onFailure(undefined, toServiceError(thrown))
    // There is no sid yet, so the line is found by what the caller knows of its call.
    const trace = request.s?.t
    return failed(thrown, context.log.child({ handle: context.handle, ...(trace && { trace }) }))
  }
}

/** AIIn: a once call, the first frame of a session, or a further one. */
async function send(request: ReqData__Output, context: OperationContext): Promise<Answer> {
  if (request.param['SeqNo'] !== '1') return sendFrame(request, context)
  const bytes = request.data[0]?.data
  if (bytes === undefined || bytes.length === 0) return answer(EMPTY_OUTPUT)

  context.sessions.assertFree(context.handle)
  const input = decodeLoaderInput(bytes)
  checkNamedApp(context.app, input.headers['appid'] || input.headers['app_id'] || context.app, 'headers.appid')
  const sid = input.headers['sid'] || randomUUID()
  const run = () => {
    const deadline = performance.now() + waitMs(request.param['waitTime'])
    return input.state === SessState.ONCE
      ? runOnce(input, sid, deadline, context)
      : openSession(input, sid, deadline, request.param, context)
  }
  return withSid(sid, context, run, error => context.onFailure(knownModel(context.inference, input.serviceId), error))
}

async function runOnce(
  input: LoaderInput__Output,
  sid: string,
  deadline: number,
  context: OperationContext,
): Promise<Answer> {
  const { inference, signal } = context
  const ctx = { ...identity(sid, context), signal, deadline }
  const result = await inference.once(toInferenceRequest(input, sid), ctx)
  return answer(encodeOnceResult(input.serviceId || inference.model('').name, result))
}

/** What a context says of the call itself. */
function identity(sid: string, context: OperationContext) {
  const { app } = context
  return { sid, protocol: PROTOCOL, ...metadataPriority(context), ...(app !== undefined && { app }) }
}

async function openSession(
  input: LoaderInput__Output,
  sid: string,
  deadline: number,
  param: ReqData__Output['param'],
  context: OperationContext,
): Promise<Answer> {
  const { inference, sessions, handle, signal } = context
  const payloads = toFramePayloads(input)
  const { name: model, sessionIdleMs: idleTimeoutMs } = inference.model(input.serviceId)
  const firstSyncId = param['baseId'] === undefined ? 0 : integerParam(param, 'baseId', 0)
  const request = { ...toSessionRequest(input, sid), firstSyncId, idleTimeoutMs: NO_IDLE_LIMIT_MS }

  // The session outlives the call that opens it, so its own signal follows that of the call only so far.
  const opening = new AbortController()
  const leave = () => opening.abort(signal.reason)
  signal.addEventListener('abort', leave, { once: true })
  const ctx = { ...identity(sid, context), signal: opening.signal, deadline }
  const open = () => inference.open(request, ctx)
  try {
    signal.throwIfAborted()
    const session = await sessions.open(handle, open, { sid, model, idleTimeoutMs })
    try {
      await session.write(payloads, input.sync_id, deadline - performance.now(), signal)
    } catch (thrown) {
      session.abort(toServiceError(thrown))
      throw thrown
    }
  } finally {
    signal.removeEventListener('abort', leave)
  }
  return answer(encodeFrameTaken(model))
}

async function sendFrame(request: ReqData__Output, context: OperationContext): Promise<Answer> {
  const { inference, sessions, handle, signal } = context
  const session = await sessions.find(handle)
  return withSid(session.sid, context, async () => {
    const bytes = request.data[0]?.data
    if (bytes === undefined || bytes.length === 0) {
      throw new ServiceError('input_missing', 'a frame needs data[0], a protocol.LoaderInput')
    }
    const input = decodeLoaderInput(bytes)
    if (input.serviceId !== '' && inference.model(input.serviceId).name !== session.model) {
      const message = `the frame is for the service "${input.serviceId}", its session belongs to "${session.model}"`
      throw new ServiceError('schema_violation', message)
    }
    await session.write(toFramePayloads(input), input.sync_id, waitMs(request.param['waitTime']), signal)
    return answer(encodeFrameTaken(session.model))
  })
}

/** AIOut: the next result of a session, or an empty output when there is none in time. */
async function fetchResult(request: ReqData__Output, context: OperationContext): Promise<Answer> {
  const session = await context.sessions.find(context.handle)
  return withSid(session.sid, context, async () => {
    const next = await session.read(waitMs(request.param['waitTime']), context.signal)
    return answer(next === undefined ? EMPTY_OUTPUT : encodeSessionResult(next.seq, next.result))
  })
}

/** AIExcp: the caller gives its session up. */
async function abort(_request: ReqData__Output, { sessions, handle }: OperationContext): Promise<Answer> {
  const session = await sessions.find(handle)
  session.abort(new ServiceError('cancelled'))
  return answer(EMPTY_OUTPUT)
}

/** AILBType: changes how many licence slots the model has. `lbType` and `timeout` concern a balancer, and have no effect. */
function changeSlots(request: ReqData__Output, { admin }: OperationContext): Answer {
  if (admin === undefined) throw new ServiceError('operation_unknown', 'AILBType: slots cannot be changed at run time')
  const slots = integerParam(request.param, 'authzNo', 1)
  const bytes = request.data[0]?.data
  admin.setSlots(bytes === undefined ? '' : decodeLoaderInput(bytes).serviceId, slots)
  return answer(EMPTY_OUTPUT)
}

/** Runs a part of an operation whose failures are logged with the sid. */
async function withSid(
  sid: string,
  { log }: OperationContext,
  run: () => Promise<Answer>,
  onFailure?: (error: ServiceError) => void,
): Promise<Answer> {
  try {
    return await run()
  } catch (thrown) {
    const error = toServiceError(thrown)
    onFailure?.(error)
    return failed(error, log.child({ sid }))
  }
}

/** @throws ServiceError `parameter_missing` when the parameter is absent or no integer of at least `min` */
function integerParam(param: ReqData__Output['param'], name: string, min: number): number {
  const text = param[name] ?? ''
  const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
  if (value >= min) return value
  throw new ServiceError('parameter_missing', `param.${name} must be an integer from ${min} on, not "${text}"`)
}

function waitMs(text: string | undefined): number {
  const milliseconds = Number(text)
  return Number.isFinite(milliseconds) && milliseconds > 0 ? milliseconds : DEFAULT_WAIT_MS
}

function answer(output: Uint8Array): Answer {
  return { code: 0, errorInfo: '', output }
}

function failed(thrown: unknown, log: Logger): Answer {
  const failure = toXsfFailure(thrown)
  const { error, code, text, elsewhere } = failure
  const record = { code, reason: error.reason, ...(error.cause === undefined ? {} : { err: error.cause }) }
  log[failureLevel(error)](record, error.message)
  const output = encodeFailure(failure)
  return elsewhere ? { code, errorInfo: text, output } : { code: 0, errorInfo: '', output }
}
