import type { SessionCall, WrapperCall } from '../core/backend.js'
import type { ServiceError } from '../core/error.js'
import { InFlight } from '../core/in-flight.js'
import type { HostMessage } from '../gen/plugin/aiges/plugin/v2/HostMessage.js'
import type { PluginBatch__Output as PluginBatch } from '../gen/plugin/aiges/plugin/v2/PluginBatch.js'
import type { Report__Output as Report } from '../gen/plugin/aiges/plugin/v2/Report.js'
import type { Result__Output as WireResult } from '../gen/plugin/aiges/plugin/v2/Result.js'
import type { WrapperPluginClient } from '../gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { ProtoGrpcType } from '../gen/plugin/wrapper-v2.js'
import { loadProto } from '../rpc/proto.js'
import { unaryCall } from '../rpc/unary.js'
import type { BatchStream } from './batch-stream.js'
import { BatchWriter } from './batch-writer.js'
import {
  InitError,
  invalidInput,
  type OnceCall,
  type PluginChannel,
  type PluginDescription,
  type PluginInit,
  type ResourceCalls,
  type ResultSink,
  SDK_CODES,
  type SessionHandle,
  type StreamCall,
  wrapperError,
} from './channel.js'
import { openGrpcBatchStream } from './grpc-batch-stream.js'
import { createPeerClient, type Peer } from './peer.js'
import { PendingCall } from './pending-call.js'
import { resourceCalls } from './resource-calls.js'
import { ResultStream } from './result-stream.js'
import { SessionV2 } from './session-v2.js'
import { openSocketBatchStream } from './socket-batch-stream.js'
import { wireText, wireTexts } from './wire-text.js'
import { dataBytes, fromWire, toWire } from './wire-v2.js'

/** Plugin protocol 2: every request of the plugin on one bidirectional stream, in batches. */
export class ChannelV2 implements PluginChannel {
  readonly protocol = 2
  readonly resources: ResourceCalls
  private readonly client: WrapperPluginClient
  private readonly pending = new InFlight<ResultSink>()
  private batches: BatchStream | undefined
  private writer: BatchWriter | undefined
  private concurrency = 1

  /**
   * @param onBroken called when the stream ends although nobody closed it
   * @param onReport called with what the wrapper reports beside its results
   */
  constructor(
    private readonly peer: Peer,
    private readonly onBroken: (why: string) => void,
    private readonly onReport: (report: Report) => void,
  ) {
    const { WrapperPlugin } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
    this.client = createPeerClient(WrapperPlugin, peer)
    this.resources = resourceCalls(this.client)
  }

  async init(init: PluginInit, signal: AbortSignal): Promise<PluginDescription> {
    const { config, model, concurrency, maxBatch, maxBatchDelayMs } = init
    this.concurrency = concurrency
    const request = { config, model, concurrency, max_batch: maxBatch, max_batch_delay_ms: maxBatchDelayMs }
    const reply = await unaryCall(this.client, this.client.Init, request, { signal, waitForReady: true })
    if (reply.code !== 0) {
      const meaning = SDK_CODES[reply.code] ?? 'the wrapper refused to start'
      throw new InitError(reply.code, `${meaning} (ret ${reply.code})${reply.message ? `: ${reply.message}` : ''}`)
    }
    const listener = {
      onBatch: (batch: PluginBatch) => this.receive(batch),
      onDrain: () => this.writer?.drained(),
      onEnd: (why: string, lastUnread: boolean) => {
        this.writer?.ended(lastUnread)
        this.onBroken(why)
      },
    }
    // What was to be encrypted does not go over a plain socket.
    const plain = this.peer.tls === undefined ? reply.stream : null
    this.batches = plain ? await openSocketBatchStream(plain, listener) : openGrpcBatchStream(this.client, listener)
    this.writer = new BatchWriter(this.batches)
    const abilities = reply.capabilities
    return {
      schema: reply.schema || undefined,
      version: reply.version || undefined,
      abilities: {
        once: abilities?.once ?? true,
        streamingOutput: abilities?.streaming_output ?? false,
        sessions: abilities?.sessions ?? false,
        chat: abilities?.chat ?? false,
        resources: abilities?.resources ?? false,
      },
      signature: { inputs: abilities?.inputs ?? [], outputs: abilities?.outputs ?? [] },
      methods: abilities?.methods ?? [],
      sdk: reply.sdk,
    }
  }

  once(call: WrapperCall): OnceCall {
    const pending = new PendingCall(reason => this.cancel(id, reason))
    const id = this.begin(call, pending)
    return pending
  }

  stream(call: WrapperCall): StreamCall {
    const onFlow = (paused: boolean) => this.tell(id, { id, flow: { paused } })
    const stream = new ResultStream({ onCancel: reason => this.cancel(id, reason), onFlow })
    const id = this.begin(call, stream)
    return stream
  }

  open({ sid, parameters, resources = [], first }: SessionCall): SessionHandle {
    const session = new SessionV2({
      onCancel: reason => this.cancel(id, reason),
      onFlow: paused => this.tell(id, { id, flow: { paused } }),
      onWrite: payloads => this.tell(id, { id, write: { payloads: payloads.map(toWire) } }, dataBytes(payloads)),
      onClose: () => this.tell(id, { id, close: {} }),
    })
    const id = this.pending.add(session)
    this.send({ id, open: { sid: wireText(sid), params: wireTexts(parameters), resources: [...resources] } }, 0)
    // There is room for it, as it is the first.
    if (first) void session.write(first)
    return session
  }

  private begin(call: WrapperCall, sink: ResultSink): number {
    const id = this.pending.add(sink)
    const payloads = call.payloads.map(toWire)
    const timeout_ms = Math.max(1, Math.round(call.deadline - performance.now()))
    const params = wireTexts(call.parameters)
    const sid = wireText(call.sid)
    const { method = '', resources = [] } = call
    const once = { sid, params, payloads, timeout_ms, method, resources: [...resources] }
    this.send({ id, once }, dataBytes(call.payloads))
    return id
  }

  private cancel(id: number, reason: ServiceError): void {
    this.tell(id, { id, cancel: { reason: reason.message } })
  }

  /** Says something about a request that may have ended meanwhile. */
  private tell(id: number, message: HostMessage, bytes = 0): void {
    if (this.pending.get(id)) this.send(message, bytes)
  }

  async shutdown(graceMs: number): Promise<void> {
    await unaryCall(this.client, this.client.Shutdown, { grace_ms: graceMs }, { deadline: performance.now() + graceMs })
  }

  close(reason: ServiceError): void {
    this.batches?.close()
    this.markBegun()
    for (const [id, pending] of this.pending.all()) {
      this.pending.delete(id)
      pending.fail(reason)
    }
    this.client.close()
  }

  private send(message: HostMessage, dataBytes: number): void {
    this.writer?.add(message, dataBytes)
  }

  private receive(batch: PluginBatch): void {
    for (const report of batch.reports) this.onReport(report)
    for (const id of batch.started) this.started(id)
    for (const { id, frames } of batch.taken) this.session(id)?.taken(frames)
    for (const result of batch.results) {
      const pending = this.pending.get(result.id)
      // A result for an id that nobody knows is the late answer of a plugin that repeats itself.
      if (pending === undefined) continue
      pending.begun = true
      this.take(result, pending)
    }
  }

  private started(id: number): void {
    const pending = this.pending.get(id)
    if (pending === undefined) return
    pending.begun = true
    if (pending instanceof SessionV2) pending.created()
  }

  /**
   * A plugin need not name the oldest of its once requests before it begins with them (wrapper-v2.proto, `started`). While
   * the kernel takes a killed process apart, which lasts milliseconds, requests are still sent to it: those it cannot have
   * begun.
   */
  private markBegun(): void {
    const unread = this.writer?.unread()
    let unfinished = 0
    for (const [id, pending] of this.pending.all()) {
      if (pending instanceof SessionV2 || unread?.has(id)) continue
      unfinished += 1
      if (unfinished > this.concurrency) return
      pending.begun = true
    }
  }

  private session(id: number): SessionV2 | undefined {
    const pending = this.pending.get(id)
    return pending instanceof SessionV2 ? pending : undefined
  }

  private take(result: WireResult, pending: ResultSink): void {
    if (result.last) this.pending.delete(result.id)
    if (result.code !== 0) {
      this.pending.delete(result.id)
      pending.fail(result.invalid_input ? invalidInput(result.message) : wrapperError(result.code, result.message))
      return
    }
    try {
      const usage = result.usage ?? undefined
      if (result.payloads.length > 0 || usage) pending.add(result.payloads.map(fromWire), result.last, usage)
    } catch (error) {
      pending.reject(error)
    }
    if (result.last) pending.finish()
  }
}
