import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { Model, type ModelOptions } from '../../../src/session/model.js'
import { FakePlugins, OPTIONS } from './managed-backend.js'

afterEach(() => vi.useRealTimers())

const request = { model: 'm', parameters: {}, payloads: [], accepts: [] }
const STARTING = { ready: false, why: 'the plugin is starting' } as const

/** A model whose plugins have just ended and are being started again. */
async function restarting(options: Partial<ModelOptions> = {}) {
  const plugins = new FakePlugins('yes')
  const model = new Model({ ...OPTIONS, ...options }, plugins)
  await plugins.start()
  plugins.become(STARTING, true)
  const ask = (signal = new AbortController().signal) => model.once(request, { sid: 's', protocol: 'test', signal })
  const end = (signal?: AbortSignal) =>
    ask(signal).then(
      () => 'answered',
      (error: unknown) => (error instanceof ServiceError ? `${error.reason}: ${error.message}` : `${error}`),
    )
  return { plugins, model, end }
}

describe('requests that come while the plugins of a model are being restarted', () => {
  it('wait, and are answered when one is ready', async () => {
    const { plugins, model, end } = await restarting({ slots: 2 })
    const asked = [end(), end(), end()]
    expect({ queued: model.slots.queued, taken: model.slots.inUse }).toEqual({ queued: 3, taken: 0 })
    plugins.become({ ready: true })
    expect(await Promise.all(asked)).toEqual(['answered', 'answered', 'answered'])
  })

  it('are refused at once when more wait than the queue takes', async () => {
    const { end } = await restarting({ slots: 5, queue: 1 })
    void end()
    expect(await end()).toBe('not_ready: m is not ready: the plugin is starting and 1 requests wait already')
  })

  it('are refused when they have waited as long as the queue allows, which is no overload', async () => {
    vi.useFakeTimers()
    const { plugins, model, end } = await restarting({ slots: 1, queue: 20, queueWaitMs: 500 })
    const late = end()
    await vi.advanceTimersByTimeAsync(500)
    expect(await late).toMatch(/^not_ready: .*within 500 ms$/)
    const asked = Array.from({ length: 20 }, () => end())
    expect(model.slots.queued).toBe(20)
    plugins.become({ ready: true })
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['answered']))
  })

  it('are refused as soon as it is known that none will be ready', async () => {
    const { plugins, end } = await restarting()
    const waiting = end()
    plugins.become({ ready: false, why: 'crash loop' })
    expect(await waiting).toBe('not_ready: m is not ready: crash loop')
    expect(await end()).toBe('not_ready: m is not ready: crash loop')
  })

  it('wait no longer than their clients', async () => {
    const { model, end } = await restarting()
    const client = new AbortController()
    const waiting = end(client.signal)
    client.abort()
    expect(await waiting).toMatch(/^cancelled/)
    expect(model.slots.queued).toBe(0)
  })

  it('get the plugins that take the place of those', async () => {
    const { model, end } = await restarting()
    const waiting = end()
    const others = new FakePlugins('others')
    await others.start()
    model.use(others)
    expect(await waiting).toBe('answered')
    expect(others.calls).toHaveLength(1)
  })

  it('are refused at once where the operator has taken the model out of service', async () => {
    const { model, end } = await restarting()
    model.refuse('it was unloaded')
    expect(await end()).toBe('not_ready: m is not ready: it was unloaded')
  })
})
