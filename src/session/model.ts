import type { Lease, WrapperBackend, WrapperCall } from '../core/backend.js'
import { ServiceError } from '../core/error.js'
import { InFlight } from '../core/in-flight.js'
import type { InferenceRequest, InferenceResult, RequestContext, Session, SessionRequest } from '../core/inference.js'
import type { ModelAbilities, ModelInfo, ModelSchema, Readiness } from '../core/model.js'
import { Status } from '../core/payload.js'
import { checkMethod } from './abilities.js'
import { CallScope } from './call-scope.js'
import { OpenSession } from './open-session.js'
import { pickOutputs, selectOutputs } from './outputs.js'
import { RateLimit, type RateLimitOptions } from './rate-limit.js'
import { ModelResources } from './resources.js'
import { ResultStatus } from './result-status.js'
import { Slots, type SlotsOptions } from './slots.js'

export interface ModelOptions extends SlotsOptions {
  readonly name: string
  /** A positive whole number in decimal notation. */
  readonly version: string
  readonly aliases: readonly string[]
  readonly mid?: number
  /** Default: no limit. */
  readonly rate?: RateLimitOptions
  /** Longest time that a once call may take, waiting included, in ms. */
  readonly onceTimeoutMs: number
  /** A session ends when nobody writes or reads for this long, unless its front-end says otherwise, in ms. */
  readonly sessionIdleMs: number
}

/** A request that has its slot and its replica. */
interface Admitted {
  readonly lease: Lease
  readonly scope: CallScope
  /** That of the plugins that the replica belongs to. */
  readonly schema: ModelSchema | undefined
}

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] }

/** One version of a model: its wrapper, its slots, and what it does with a request. */
export class Model {
  readonly slots: Slots
  private rate: RateLimit | undefined
  /** Calls that wait or run, and open sessions. */
  private readonly active = new InFlight<{ abort(reason: ServiceError): void }>()

  /** Why it takes no requests although its plugins may be ready. */
  private refusal: string | undefined
  private readonly onQuiet = new Set<() => void>()
  private unfollow: () => void

  /**
   * @param backend its plugins, until `use` changes them
   * @param resources shared with its other versions
   */
  constructor(
    private options: ModelOptions,
    private backend: WrapperBackend,
    readonly resources = new ModelResources(),
  ) {
    this.slots = new Slots(options)
    this.rate = options.rate && new RateLimit(options.rate)
    this.unfollow = this.follow(backend)
  }

  get name(): string {
    return this.options.name
  }

  get version(): string {
    return this.options.version
  }

  get aliases(): readonly string[] {
    return this.options.aliases
  }

  get mid(): number | undefined {
    return this.options.mid
  }

  get readiness(): Readiness {
    return this.refusal === undefined ? this.backend.readiness : { ready: false, why: this.refusal }
  }

  /** Known from the first successful start on. */
  get abilities(): ModelAbilities | undefined {
    return this.backend.abilities
  }

  /**
   * Describes this version. It is done for every request, so the object is filled field by field: spreading the optional
   * ones cost several times as much.
   * @param family what all versions of the model have in common
   */
  describe({
    versions,
    aliases,
    mid,
  }: Pick<ModelInfo, 'versions' | 'aliases'> & { mid: number | undefined }): ModelInfo {
    const { schema, abilities, version, signature, methods } = this.backend
    const { name, sessionIdleMs } = this.options
    const info: Writable<ModelInfo> = {
      name,
      version: this.version,
      versions,
      aliases,
      sessionIdleMs,
      readiness: this.readiness,
    }
    if (mid !== undefined) info.mid = mid
    if (schema) info.schema = schema
    if (abilities) info.abilities = abilities
    if (version) info.wrapperVersion = version
    if (signature) info.signature = signature
    if (methods) info.methods = methods
    return info
  }

  /** Requests get their replica here from now on; those that have one keep it. */
  use(backend: WrapperBackend): void {
    this.unfollow()
    this.backend = backend
    this.refusal = undefined
    this.unfollow = this.follow(backend)
  }

  /** Takes no more requests until `use`. Those that wait for a slot, or have one, go on. */
  refuse(why: string): void {
    this.refusal = why
  }

  /** @see WrapperBackend.syncResources */
  syncResources(): Promise<void> {
    return this.backend.syncResources()
  }

  /** Changes limits and other names; requests in flight keep the limits that they began with. */
  configure(options: ModelOptions): void {
    const { rate } = options
    if (rate?.requests !== this.options.rate?.requests || rate?.intervalMs !== this.options.rate?.intervalMs) {
      this.rate = rate && new RateLimit(rate)
    }
    this.options = options
    this.slots.configure(options)
  }

  /** Resolves when no client waits for anything any more, at the latest after `timeoutMs`. */
  quiet(timeoutMs: number): Promise<void> {
    if (this.active.size === 0) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        clearTimeout(timer)
        this.onQuiet.delete(done)
        resolve()
      }
      const timer = setTimeout(done, timeoutMs)
      this.onQuiet.add(done)
    })
  }

  /** Ends every call and session that is in flight, each with this reason. */
  abortAll(reason: ServiceError): void {
    for (const [, call] of this.active.all()) call.abort(reason)
  }

  /** Runs a request: slot, replica, wrapper, outputs. The slot stays taken until the wrapper has let go of the call. */
  async once(request: InferenceRequest, ctx: RequestContext): Promise<InferenceResult> {
    const { lease, scope, schema } = await this.admit(ctx, request)
    try {
      const result = lease.once(this.call(request, ctx, scope))
      scope.onOver(reason => lease.cancel(reason))
      const { payloads: outputs, usage } = await result
      const payloads = selectOutputs(outputs, request.accepts, schema)
      return { status: Status.once, payloads, ...(usage && { usage }) }
    } finally {
      this.leave(lease, scope)
    }
  }

  /** Like `once`, results as they come. */
  async *stream(request: InferenceRequest, ctx: RequestContext): AsyncGenerator<InferenceResult> {
    const { lease, scope, schema } = await this.admit(ctx, request)
    const status = new ResultStatus()
    let given = 0
    try {
      const results = lease.stream(this.call(request, ctx, scope))
      scope.onOver(reason => lease.cancel(reason))
      for await (const result of results) {
        const payloads = pickOutputs(result.payloads, request.accepts, schema)
        given += payloads.length
        if (result.last && given === 0) selectOutputs(result.payloads, request.accepts, schema)
        const { usage } = result
        if (payloads.length === 0 && !usage && !result.last) continue
        yield { status: status.of(result), payloads, ...(usage && { usage }) }
        if (result.last) return
      }
      if (given === 0) throw new ServiceError('output_mismatch', 'the wrapper returned no output that was asked for')
      yield { status: Status.end, payloads: [] }
    } finally {
      this.leave(lease, scope)
    }
  }

  /** Opens a session, which holds its slot and its replica until it ends. */
  async open(request: SessionRequest, ctx: RequestContext): Promise<Session> {
    const { lease, scope, schema } = await this.admit(ctx)
    const { accepts, parameters, idleTimeoutMs = this.options.sessionIdleMs, maxAgeMs, firstSyncId, first } = request
    try {
      const resources = this.resources.numbersOf(request.resources ?? [])
      const call = { sid: ctx.sid, parameters, deadline: scope.deadline, resources }
      const opening = lease.open({ ...call, ...(first && { first: first.payloads }) })
      scope.onOver(reason => lease.cancel(reason))
      const wrapper = await opening
      let session: OpenSession | undefined
      // Its constructor may already end it.
      const number = this.active.add({ abort: reason => session?.abort(reason) })
      // Not earlier: in between it would seem as if nobody waited.
      this.close(scope)
      session = new OpenSession(wrapper, {
        accepts,
        schema,
        ...(first && { inputEnded: first.last }),
        idleTimeoutMs,
        ...(maxAgeMs !== undefined && { maxAgeMs }),
        ...(firstSyncId !== undefined && { firstSyncId }),
        signal: ctx.signal,
        onAbort: reason => lease.cancel(reason),
        onEnd: () => {
          this.forget(number)
          lease.release(() => this.slots.free())
        },
      })
      return session
    } catch (error) {
      // The slot is free when a wrapper that still creates the session has come to an end with it.
      this.leave(lease, scope)
      throw error
    }
  }

  /** While its plugins are being restarted requests wait for a slot, and when that has failed they wait no longer. */
  private follow(backend: WrapperBackend): () => void {
    const look = () => {
      const { readiness, restarting } = backend
      if (readiness.ready) return this.slots.resume()
      const refusal = this.notReady(readiness.why)
      this.slots.pause(refusal.message)
      if (!restarting) this.slots.refuseAll(refusal)
    }
    look()
    return backend.onChange(look)
  }

  private notReady(why: string): ServiceError {
    return new ServiceError('not_ready', `${this.options.name} is not ready: ${why}`)
  }

  /** @param request what shall be called; absent: a session */
  private async admit(ctx: RequestContext, request?: InferenceRequest): Promise<Admitted> {
    const { readiness } = this
    const { name } = this.options
    if (!readiness.ready && (this.refusal !== undefined || !this.backend.restarting)) throw this.notReady(readiness.why)
    if (request) checkMethod(name, request.method, this.backend)
    this.rate?.take()
    const scope = new CallScope(ctx, this.options.onceTimeoutMs)
    scope.number = this.active.add(scope)
    try {
      scope.throwIfOver()
      if (!this.slots.tryTake()) await this.slots.take(scope, ctx.priority)
    } catch (error) {
      this.close(scope)
      throw error
    }
    const { backend } = this
    try {
      return { lease: backend.acquire(), scope, schema: backend.schema }
    } catch (error) {
      this.close(scope)
      this.slots.free()
      throw error
    }
  }

  private call(request: InferenceRequest, ctx: RequestContext, { deadline }: CallScope): WrapperCall {
    const { parameters, payloads, method } = request
    const resources = this.resources.numbersOf(request.resources ?? [])
    return { sid: ctx.sid, parameters, payloads, deadline, resources, ...(method !== undefined && { method }) }
  }

  private leave(lease: Lease, scope: CallScope): void {
    this.close(scope)
    lease.release(() => this.slots.free())
  }

  private close(scope: CallScope): void {
    this.forget(scope.number)
    scope.close()
  }

  private forget(number: number): void {
    this.active.delete(number)
    if (this.active.size === 0) for (const done of this.onQuiet) done()
  }
}
