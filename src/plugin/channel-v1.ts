import { randomUUID } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type ClientDuplexStream, status as grpcStatus } from '@grpc/grpc-js'
import type { SessionCall, WrapperCall } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import { type Payload, Status } from '../core/payload.js'
import { withoutPlaces } from '../core/public-text.js'
import type { CreateRequest } from '../gen/plugin/aiges/CreateRequest.js'
import type { Request } from '../gen/plugin/aiges/Request.js'
import type { Response__Output as Response } from '../gen/plugin/aiges/Response.js'
import type { WrapperServiceClient } from '../gen/plugin/aiges/WrapperService.js'
import type { ProtoGrpcType as GoPluginProto } from '../gen/plugin/go-plugin.js'
import type { ProtoGrpcType } from '../gen/plugin/wrapper-v1.js'
import { loadProto } from '../rpc/proto.js'
import { rpcErrorOf, unaryCall } from '../rpc/unary.js'
import {
  InitError,
  type OnceCall,
  type PluginChannel,
  type PluginDescription,
  type PluginInit,
  type ResultSink,
  SDK_CODES,
  type SessionHandle,
  type StreamCall,
  wrapperError,
} from './channel.js'
import { createPeerClient, type Peer } from './peer.js'
import { PendingCall } from './pending-call.js'
import { ResultStream } from './result-stream.js'
import { SessionV1 } from './session-v1.js'
import { wireText, wireTexts } from './wire-text.js'
import { fromWire, toWire } from './wire-v1.js'

/** Longest time between a broken connection and the report that the process behind it has ended, in ms. */
const CRASH_REPORT_MS = 1000

/** How long after a call has returned a further result of it may come, in ms. */
const LINGER_MS = 50

/** Results that are kept until it is known to which of the sessions that are being created they belong. */
const MOST_EARLY = 256

/** A call that waits for its results. */
interface Pending {
  readonly sink: ResultSink
  /** The rpc itself has returned. */
  replied: boolean
  /** There are results, and all of them say that more follows. */
  lingering?: boolean
  timer?: NodeJS.Timeout
}

/**
 * Plugin protocol 1, as existing AIGES plugins speak it: a unary call per request, every result on the one stream
 * `communicate`, matched by tag.
 */
export class ChannelV1 implements PluginChannel {
  readonly protocol = 1
  private readonly client: WrapperServiceClient
  private readonly pending = new Map<string, Pending>()
  private results: ClientDuplexStream<Request, Response> | undefined
  private readonly closed = new AbortController()
  /** Sessions whose wrapperCreate has not replied, and what came meanwhile under names that nobody has yet. */
  private creating = 0
  private early: Response[] = []

  /** @param onBroken called when `communicate` ends although nobody closed it */
  constructor(
    private readonly peer: Peer,
    private readonly onBroken: (why: string) => void,
  ) {
    const { WrapperService } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v1.proto').aiges
    this.client = createPeerClient(WrapperService, peer)
    // Every session that is open when the process ends may wait for it.
    setMaxListeners(0, this.closed.signal)
  }

  async init(init: PluginInit, signal: AbortSignal): Promise<PluginDescription> {
    await this.connect(signal)
    this.openResults()
    const { ret } = await unaryCall(this.client, this.client.wrapperInit, { config: init.config }, { signal })
    if (ret !== 0) {
      throw new InitError(ret, `${SDK_CODES[ret] ?? 'the wrapper refused to start'} (ret ${ret})`)
    }
    return {
      ...(await this.schema(init.model, signal)),
      version: undefined,
      abilities: { once: true, streamingOutput: false, sessions: true, chat: false, resources: false },
      signature: { inputs: [], outputs: [] },
      methods: [],
      sdk: 'protocol 1',
    }
  }

  once(call: WrapperCall): OnceCall {
    // Protocol 1 cannot interrupt a wrapper: its late result is dropped when it comes.
    const pending = new PendingCall(() => {})
    this.exec(call, pending)
    return pending
  }

  stream(call: WrapperCall): StreamCall {
    const stream = new ResultStream({ onCancel: () => {} })
    this.exec(call, stream)
    return stream
  }

  open({ sid, parameters, first }: SessionCall): SessionHandle {
    const tag = this.freeTag(sid)
    const session = new SessionV1({
      onWrite: async payloads => this.write(tag, await handle, payloads),
      onDestroy: () => this.destroy(pending, handle),
    })
    const pending: Pending = { sink: session, replied: false }
    // Results may come before the reply to wrapperCreate.
    this.pending.set(tag, pending)
    const handle = this.create({ sid: tag, tag, params: wireTexts(parameters) }, pending)
    handle.then(
      () => session.created(),
      error => session.fail(error),
    )
    if (first) session.write(first).catch(error => session.fail(error))
    return session
  }

  /** Resolves with the wrapper's handle, under which results are taken as well from then on. */
  private async create(request: CreateRequest, session: Pending): Promise<string> {
    this.creating += 1
    try {
      const { handle, err_code } = await unaryCall(this.client, this.client.wrapperCreate, request)
      if (err_code !== 0) throw wrapperError(err_code, '')
      // The callback of the SDK 0.16 answers under the wrapper's handle instead of the tag.
      if (!this.pending.has(handle)) this.pending.set(handle, session)
      const early = this.early
      this.early = early.filter(({ tag }) => tag !== handle)
      for (const response of early) if (response.tag === handle) this.receive(response)
      return handle
    } catch (error) {
      throw await this.sessionError(error)
    } finally {
      this.creating -= 1
      if (this.creating === 0) this.early = []
    }
  }

  private exec(call: WrapperCall, sink: ResultSink): void {
    const tag = this.freeTag(call.sid)
    const pending: Pending = { sink, replied: false }
    this.pending.set(tag, pending)
    // Nothing says when the wrapper begins.
    sink.begun = true
    const request = { tag, params: wireTexts(call.parameters), list: call.payloads.map(toWire) }
    unaryCall(this.client, this.client.wrapperOnceExec, request).then(
      reply => {
        pending.replied = true
        if (reply.ret !== 0) this.fail(tag, wrapperError(reply.ret, ''))
        else if (reply.list.length > 0) this.receive({ ...reply, tag })
        else if (pending.lingering === true) this.linger(tag, pending)
      },
      (error: unknown) => this.callFailed(tag, error),
    )
  }

  /** The reference uses the sid as tag, but clients of XsfCall choose theirs and may choose the same one twice. */
  private freeTag(sid: string): string {
    const tag = wireText(sid)
    return this.pending.has(tag) ? randomUUID() : tag
  }

  private async write(tag: string, handle: string, payloads: readonly Payload[]): Promise<void> {
    const req = { tag, params: {}, list: payloads.map(toWire) }
    try {
      const { ret } = await unaryCall(this.client, this.client.wrapperWrite, { handle, sid: tag, req })
      if (ret !== 0) throw wrapperError(ret, '')
    } catch (error) {
      throw await this.sessionError(error)
    }
  }

  private async destroy(session: Pending, created: Promise<string>): Promise<void> {
    const handle = await created.catch(() => undefined)
    // Under its tag and its handle: a name that stayed would take the results of the next session with that handle.
    for (const [name, pending] of this.pending) if (pending === session) this.pending.delete(name)
    // A channel is closed when its plugin has ended, or is about to.
    if (handle === undefined || this.closed.signal.aborted) return
    try {
      await unaryCall(this.client, this.client.wrapperDestroy, { handle })
    } catch (error) {
      // The session is over for its client; a plugin that died or refuses has nothing left to destroy.
      if (rpcErrorOf(error) === undefined) throw error
    }
  }

  /** @throws the gRPC error UNIMPLEMENTED where there is no controller: only programs built with go-plugin have it */
  async shutdown(graceMs: number): Promise<void> {
    const { GRPCController } = loadProto<GoPluginProto>('plugin', 'go-plugin.proto').plugin
    const controller = createPeerClient(GRPCController, this.peer)
    try {
      await unaryCall(controller, controller.Shutdown, {}, { deadline: performance.now() + graceMs })
    } catch (error) {
      // It obeys by cutting the connection, and so may its answer be cut off.
      if (rpcErrorOf(error)?.code !== grpcStatus.UNAVAILABLE) throw error
    } finally {
      controller.close()
    }
  }

  close(reason: ServiceError): void {
    const { results } = this
    this.results = undefined
    this.closed.abort(reason)
    for (const tag of [...this.pending.keys()]) this.fail(tag, reason)
    results?.cancel()
    this.client.close()
  }

  private connect(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.client.waitForReady(Number.POSITIVE_INFINITY, error => (error ? reject(error) : resolve()))
    })
  }

  /** Opened before wrapperInit and once per process: a second reader would compete for the same results. */
  private openResults(): void {
    const results = this.client.communicate()
    results.on('data', (response: Response) => this.receive(response))
    results.on('error', error => this.broken(error.message))
    results.on('end', () => this.broken('the plugin ended the stream of results'))
    this.results = results
  }

  private async schema(
    model: string,
    signal: AbortSignal,
  ): Promise<Pick<PluginDescription, 'schema' | 'schemaProblem'>> {
    try {
      const { data } = await unaryCall(this.client, this.client.wrapperSchema, { serviceId: model }, { signal })
      return { schema: data || undefined }
    } catch (error) {
      // A wrapper without a schema is served all the same; some SDKs raise where theirs cannot be made.
      const rpcError = rpcErrorOf(error)
      if (rpcError === undefined || signal.aborted) throw error
      return { schema: undefined, schemaProblem: rpcError.details }
    }
  }

  private receive(response: Response): void {
    const { tag, ret, list } = response
    const pending = this.pending.get(tag)
    if (pending === undefined) {
      if (this.creating > 0 && this.early.length < MOST_EARLY) this.early.push(response)
      return
    }
    if (ret !== 0) {
      this.fail(tag, wrapperError(ret, ''))
      return
    }
    let payloads: Payload[]
    try {
      payloads = list.map(fromWire)
    } catch (error) {
      this.fail(tag, error)
      return
    }
    // A payload without name and data only carries its status.
    const named = payloads.filter(({ key, data }) => key !== '' || data.byteLength > 0)
    const last = payloads.every(({ status }) => status === Status.end || status === Status.once)
    if (named.length > 0 || last) pending.sink.add(named, last)
    if (pending.sink instanceof SessionV1) return
    if (last) this.finish(tag, pending)
    else if (pending.replied) this.linger(tag, pending)
    else pending.lingering = true
  }

  /**
   * A once call whose results all say that more follows: a wrapper that yields, or one whose author set any status.
   * Once the call has returned, what does not come soon does not come.
   */
  private linger(tag: string, pending: Pending): void {
    clearTimeout(pending.timer)
    pending.timer = setTimeout(() => this.finish(tag, pending), LINGER_MS)
  }

  private finish(tag: string, pending: Pending): void {
    clearTimeout(pending.timer)
    this.pending.delete(tag)
    pending.sink.finish()
  }

  /**
   * A connection that broke usually means that the process ended, which is reported a moment later and fails the call
   * as a crash; only when the process lives on is it the call that failed.
   */
  private callFailed(tag: string, error: unknown): void {
    const settle = () => this.fail(tag, callError(error))
    if (rpcErrorOf(error)?.code === grpcStatus.UNAVAILABLE) setTimeout(settle, CRASH_REPORT_MS).unref()
    else settle()
  }

  /** What a call of a session failed with; the same holds for a connection that broke. */
  private async sessionError(error: unknown): Promise<unknown> {
    const rpcError = rpcErrorOf(error)
    if (rpcError?.code === grpcStatus.UNAVAILABLE) {
      const { signal } = this.closed
      // Rejects as soon as the channel is closed, which is what is waited for.
      await delay(CRASH_REPORT_MS, undefined, { signal, ref: false }).catch(() => {})
      if (signal.aborted) return signal.reason
    }
    return rpcError ? callError(error) : error
  }

  private fail(tag: string, error: unknown): void {
    const pending = this.pending.get(tag)
    this.pending.delete(tag)
    clearTimeout(pending?.timer)
    pending?.sink.fail(error)
  }

  private broken(why: string): void {
    if (this.results === undefined) return
    this.onBroken(why)
  }
}

function callError(error: unknown): ServiceError {
  const rpcError = rpcErrorOf(error)
  if (rpcError === undefined) return new ServiceError('internal', 'internal error', { cause: error })
  if (rpcError.code === grpcStatus.RESOURCE_EXHAUSTED) {
    const text = "the request is larger than the plugin's SDK accepts (4 MiB for the aiges packages from PyPI)"
    return new ServiceError('message_too_large', text, { cause: error })
  }
  const text = `the call to the plugin failed: ${withoutPlaces(rpcError.details || rpcError.message)}`
  return new ServiceError('plugin_call_failed', text, { cause: error })
}
