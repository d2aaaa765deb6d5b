import type { WrapperCall } from '../core/backend.js'
import type { ServiceError } from '../core/error.js'
import type { Payload } from '../core/payload.js'
import type { HostMessage } from '../gen/plugin/aiges/plugin/v2/HostMessage.js'
import type { Payload__Output as WirePayload } from '../gen/plugin/aiges/plugin/v2/Payload.js'
import type { PluginBatch__Output as PluginBatch } from '../gen/plugin/aiges/plugin/v2/PluginBatch.js'
import type { Result__Output as WireResult } from '../gen/plugin/aiges/plugin/v2/Result.js'
import type { WrapperPluginClient } from '../gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { ProtoGrpcType } from '../gen/plugin/wrapper-v2.js'
import { createClient } from '../rpc/channel.js'
import { loadProto } from '../rpc/proto.js'
import { unaryCall } from '../rpc/unary.js'
import type { BatchStream } from './batch-stream.js'
import { BatchWriter } from './batch-writer.js'
import {
  InitError,
  type OnceCall,
  type PluginChannel,
  type PluginDescription,
  type PluginInit,
  SDK_CODES,
  wrapperError,
} from './channel.js'
import { openGrpcBatchStream } from './grpc-batch-stream.js'
import { PendingCall } from './pending-call.js'
import { openSocketBatchStream } from './socket-batch-stream.js'
import { dataTypeNumber, dataTypeOf, statusOf } from './wire-payload.js'

/** Plugin protocol 2: every request of the plugin on one bidirectional stream, in batches. */
export class ChannelV2 implements PluginChannel {
  readonly protocol = 2
  private readonly client: WrapperPluginClient
  private readonly pending = new Map<number, PendingCall>()
  private stream: BatchStream | undefined
  private writer: BatchWriter | undefined
  private lastId = 0

  /** @param onBroken called when the stream ends although nobody closed it */
  constructor(
    target: string,
    private readonly onBroken: (why: string) => void,
  ) {
    const { WrapperPlugin } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
    // A limit on what a plugin sends would end the whole stream, and every call on it, for one answer that is too long.
    this.client = createClient(WrapperPlugin, { address: target, maxMessageBytes: -1 })
  }

  async init(init: PluginInit, signal: AbortSignal): Promise<PluginDescription> {
    const reply = await unaryCall(this.client, this.client.Init, { ...init }, { signal, waitForReady: true })
    if (reply.code !== 0) {
      const meaning = SDK_CODES[reply.code] ?? 'the wrapper refused to start'
      throw new InitError(reply.code, `${meaning} (ret ${reply.code})${reply.message ? `: ${reply.message}` : ''}`)
    }
    const listener = {
      onBatch: (batch: PluginBatch) => this.receive(batch),
      onDrain: () => this.writer?.drained(),
      onEnd: this.onBroken,
    }
    this.stream = reply.stream
      ? await openSocketBatchStream(reply.stream, listener)
      : openGrpcBatchStream(this.client, listener)
    this.writer = new BatchWriter(this.stream)
    const abilities = reply.capabilities
    return {
      schema: reply.schema || undefined,
      version: reply.version || undefined,
      abilities: {
        once: abilities?.once ?? true,
        streamingOutput: abilities?.streaming_output ?? false,
        sessions: abilities?.sessions ?? false,
      },
      sdk: reply.sdk,
    }
  }

  once(call: WrapperCall): OnceCall {
    const id = this.nextId()
    const pending = new PendingCall(reason => this.send({ id, cancel: { reason: reason.message } }, 0))
    this.pending.set(id, pending)
    let bytes = 0
    const payloads = call.payloads.map(payload => {
      bytes += payload.data.byteLength
      return toWire(payload)
    })
    const timeout_ms = Math.max(1, Math.round(call.deadline - performance.now()))
    this.send(
      { id, once: { sid: call.sid, params: call.parameters as Record<string, string>, payloads, timeout_ms } },
      bytes,
    )
    return pending
  }

  async shutdown(graceMs: number): Promise<void> {
    await unaryCall(this.client, this.client.Shutdown, { grace_ms: graceMs }, { deadline: performance.now() + graceMs })
  }

  close(reason: ServiceError): void {
    this.stream?.close()
    for (const pending of this.pending.values()) pending.fail(reason)
    this.pending.clear()
    this.client.close()
  }

  private send(message: HostMessage, dataBytes: number): void {
    this.writer?.add(message, dataBytes)
  }

  private receive(batch: PluginBatch): void {
    for (const result of batch.results) {
      const pending = this.pending.get(result.id)
      // A result for an id that nobody knows is the late answer of a plugin that repeats itself.
      if (pending === undefined) continue
      this.take(result, pending)
    }
  }

  private take(result: WireResult, pending: PendingCall): void {
    if (result.last) this.pending.delete(result.id)
    if (result.code !== 0) {
      this.pending.delete(result.id)
      pending.fail(wrapperError(result.code, result.message))
      return
    }
    try {
      pending.add(result.payloads.map(fromWire))
    } catch (error) {
      pending.reject(error)
    }
    if (result.last) pending.finish()
  }

  private nextId(): number {
    do this.lastId = (this.lastId + 1) >>> 0
    while (this.pending.has(this.lastId) || this.lastId === 0)
    return this.lastId
  }
}

function toWire(payload: Payload) {
  const { key, status, attributes, data, tensor } = payload
  return {
    key,
    type: dataTypeNumber(payload.type),
    status,
    attributes: attributes as Record<string, string>,
    data,
    ...(tensor && { tensor: { datatype: tensor.datatype, shape: [...tensor.shape] } }),
  }
}

function fromWire(payload: WirePayload): Payload {
  const { key, attributes, data, tensor } = payload
  const base = { key, type: dataTypeOf(payload.type, key), status: statusOf(payload.status, key), attributes, data }
  return tensor ? { ...base, tensor: { datatype: tensor.datatype, shape: tensor.shape } } : base
}
