import type { Lease, ManagedBackend, ReplicaStatus, WrapperCall } from '../../../src/core/backend.js'
import { ServiceError } from '../../../src/core/error.js'
import type { ModelAbilities, Readiness } from '../../../src/core/model.js'
import type { ModelOptions } from '../../../src/session/model.js'

export const OPTIONS: ModelOptions = {
  ...{ name: 'm', version: '1', aliases: [] },
  ...{ slots: 100, queue: 100, queueWaitMs: 60_000, onceTimeoutMs: 60_000, sessionIdleMs: 60_000 },
}

/** Plugins that answer every call with their own name, and do what a test says when they start. */
export class FakePlugins implements ManagedBackend {
  readiness: Readiness = { ready: false, why: 'the plugin is starting' }
  restarting = false
  readonly schema = undefined
  abilities: ModelAbilities | undefined
  readonly version = undefined
  readonly signature = undefined
  readonly methods = undefined
  exclusive = false
  stopped = false
  /** Calls that were begun and not released. */
  busy = 0
  /** What these plugins do about the model's resources. */
  syncResources = async (): Promise<void> => {}
  /** Calls as they came. */
  readonly calls: WrapperCall[] = []
  /** What calls wait for before they are answered. */
  hold: Promise<void> = Promise.resolve()
  private readonly listeners = new Set<() => void>()
  private onIdle = () => {}

  constructor(
    readonly answer: string,
    private readonly starting: () => Promise<void> = async () => {},
  ) {}

  get replicas(): readonly ReplicaStatus[] {
    return [{ up: this.readiness.ready, crashLoop: false }]
  }

  async start(): Promise<void> {
    try {
      await this.starting()
    } catch (error) {
      this.become({ ready: false, why: 'the plugin did not start' })
      throw error
    }
    if (!this.stopped) this.become({ ready: true })
  }

  drain(): Promise<void> {
    return new Promise(resolve => {
      this.onIdle = () => this.busy === 0 && resolve()
      this.onIdle()
    })
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.become({ ready: false, why: 'the plugin is stopped' })
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  acquire(): Lease {
    if (!this.readiness.ready) throw new ServiceError('not_ready', 'no plugin is ready')
    this.busy += 1
    let cancel: (reason: ServiceError) => void = () => {}
    const cancelled = new Promise<never>((_, reject) => {
      cancel = reject
    })
    return {
      once: async (call: WrapperCall) => {
        this.calls.push(call)
        await Promise.race([this.hold, cancelled])
        const payload = {
          key: 'result',
          type: 'text',
          status: 3,
          attributes: {},
          data: Buffer.from(this.answer),
        } as const
        return { payloads: [payload], last: true }
      },
      stream: () => {
        throw new Error('no stream was expected')
      },
      open: () => Promise.reject(new Error('no session was expected')),
      cancel,
      release: onIdle => {
        this.busy -= 1
        this.onIdle()
        onIdle()
      },
    }
  }

  /** @param restarting whether they are about to be ready again */
  become(readiness: Readiness, restarting = false): void {
    this.readiness = readiness
    this.restarting = restarting
    for (const listener of this.listeners) listener()
  }
}
