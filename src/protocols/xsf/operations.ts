import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { type Reason, ServiceError, toServiceError } from '../../core/error.js'
import type { InferenceService } from '../../core/inference.js'
import { _protocol_LoaderInput_SessState as SessState } from '../../gen/gateway/protocol/LoaderInput.js'
import type { ReqData__Output } from '../../gen/gateway/utils/ReqData.js'
import { decodeLoaderInput, EMPTY_OUTPUT, encodeFailure, encodeOnceResult, toInferenceRequest } from './codec.js'
import { toXsfFailure } from './error-map.js'

/** How long a call may block when `waitTime` does not say, in ms. Source: reference. */
const DEFAULT_WAIT_MS = 500

export interface OperationContext {
  readonly inference: InferenceService
  readonly log: Logger
  /** The caller's handle, or the one that the answer gives it. */
  readonly handle: string
  /** Aborted when the caller left. */
  readonly signal: AbortSignal
  /** Is told of every call that fails and never reached `inference`, with the name of its model if there is one. */
  readonly onRefused: (model: string | undefined, reason: Reason) => void
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

const unknownHandle: Operation = () => {
  throw new ServiceError('session_unknown', 'service instance invalid')
}

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['AIIn', send],
  ['AIOut', unknownHandle],
  ['AIExcp', unknownHandle],
  [
    'AILBType',
    () => {
      throw new ServiceError('operation_unknown', 'AILBType: slots cannot be changed at run time')
    },
  ],
  ['AIDetect', acceptAndIgnore],
  ['AILoad', acceptAndIgnore],
  ['AIUnLoad', acceptAndIgnore],
  ['AIHotword', acceptAndIgnore],
])

/** Runs the operation that `op` names. Never rejects: a failure is an answer. */
export async function runOperation(request: ReqData__Output, context: OperationContext): Promise<Answer> {
  try {
    const operation = OPERATIONS.get(request.op)
    if (operation === undefined) {
      const known = [...OPERATIONS.keys()].join(', ')
      throw new ServiceError('operation_unknown', `invalid service operation "${request.op}"; known are ${known}`)
    }
    return await operation(request, context)
  } catch (thrown) {
    context.onRefused(undefined, toServiceError(thrown).reason)
    // There is no sid yet, so the line is found by what the caller knows of its call.
    const trace = request.s?.t
    return failed(thrown, context.log.child({ handle: context.handle, ...(trace && { trace }) }))
  }
}

/** AIIn: a once call, or a frame of a session. */
async function send(request: ReqData__Output, context: OperationContext): Promise<Answer> {
  if (request.param['SeqNo'] !== '1') throw new ServiceError('session_unknown', 'service instance invalid')
  const bytes = request.data[0]?.data
  if (bytes === undefined || bytes.length === 0) return answer(EMPTY_OUTPUT)

  const deadline = performance.now() + waitMs(request.param['waitTime'])
  const input = decodeLoaderInput(bytes)
  const sid = input.headers['sid'] || randomUUID()
  const { inference, signal, onRefused } = context
  let reachedCore = false
  try {
    if (input.state !== SessState.ONCE) {
      throw new ServiceError('operation_unknown', 'this wrapper has no sessions; send state ONCE')
    }
    const asked = toInferenceRequest(input, sid)
    reachedCore = true
    const result = await inference.once(asked, { sid, protocol: 'xsf', signal, deadline })
    return answer(encodeOnceResult(input.serviceId || inference.model('').name, result))
  } catch (thrown) {
    if (!reachedCore) onRefused(modelNamed(input.serviceId, inference), toServiceError(thrown).reason)
    return failed(thrown, context.log.child({ sid }))
  }
}

function modelNamed(serviceId: string, inference: InferenceService): string | undefined {
  return inference.models().find(({ name }) => serviceId === '' || name === serviceId)?.name
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
  log[SERVER_FAULTS.has(error.code) ? 'error' : 'info'](record, error.message)
  const output = encodeFailure(failure)
  return elsewhere ? { code, errorInfo: text, output } : { code: 0, errorInfo: '', output }
}

/** Kinds of failure that are not the caller's doing. */
const SERVER_FAULTS: ReadonlySet<string> = new Set([
  'internal',
  'unavailable',
  'failed_precondition',
  'resource_exhausted',
  'deadline_exceeded',
] satisfies ServiceError['code'][])
