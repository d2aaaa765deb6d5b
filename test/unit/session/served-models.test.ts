import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import { LocalInferenceService } from '../../../src/session/inference-service.js'
import type { ModelOptions } from '../../../src/session/model.js'
import { ModelRegistry } from '../../../src/session/registry.js'
import { type ModelSpec, ServedModels } from '../../../src/session/served-models.js'
import { deferred } from '../rpc/deferred.js'
import { FakePlugins, OPTIONS } from './managed-backend.js'

const running: { stop(graceMs: number): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(models => models.stop(0)))
})

/** Plugins are configured with the text that they answer; `broken` ones do not start. */
function spec(plugin: string, options: Partial<ModelOptions> = {}, load = true): ModelSpec<string> {
  return { options: { ...OPTIONS, ...options }, plugin, load }
}

function serve(
  specs: readonly ModelSpec<string>[],
  prepare: (plugins: FakePlugins) => void = () => {},
  drainTimeoutMs = 60_000,
) {
  const registry = new ModelRegistry()
  const made: FakePlugins[] = []
  const failed: string[] = []
  const observed = new Set<string>()
  const log = pino({ level: 'silent' })
  const logged = vi.spyOn(log, 'error')
  const models = new ServedModels(specs, {
    registry,
    createBackend: async (_, plugin: string) => {
      if (plugin === 'impossible') throw new Error('there is no interpreter')
      const starting = () =>
        plugin.startsWith('broken') ? Promise.reject(new Error('no licence\nmore')) : Promise.resolve()
      const plugins = new FakePlugins(plugin, starting)
      prepare(plugins)
      made.push(plugins)
      return plugins
    },
    drainTimeoutMs,
    stopGraceMs: 0,
    onChange: () => {},
    onAdded: ({ name, version }) => {
      observed.add(`${name} ${version}`)
      return () => observed.delete(`${name} ${version}`)
    },
    onLoadFailed: ({ name, version }) => failed.push(`${name} ${version}`),
    log,
  })
  running.push(models)
  const inference = new LocalInferenceService(registry)
  const ask = async (model = '', version?: string) => {
    const request = { model, parameters: {}, payloads: [], accepts: [], ...(version !== undefined && { version }) }
    const ctx = { sid: 's', protocol: 'test', signal: new AbortController().signal }
    const { payloads } = await inference.once(request, ctx)
    return Buffer.from(payloads[0]?.data ?? []).toString()
  }
  const plugins = (answer: string) => made.findLast(candidate => candidate.answer === answer) as FakePlugins
  return { models, registry, made, failed, observed, logged, ask, plugins }
}

const reasonOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'no error',
    (error: unknown) => (error instanceof ServiceError ? error.reason : `${error}`),
  )

describe('starting', () => {
  it('serves versions side by side', async () => {
    const { models, ask } = serve([spec('one'), spec('two', { version: '2' }), spec('other', { name: 'o' })])
    await models.start()
    expect(await Promise.all([ask('m'), ask('m', '1'), ask('m', '2'), ask('o')])).toEqual([
      'two',
      'one',
      'two',
      'other',
    ])
  })

  it('goes on without a model that does not start, and says why', async () => {
    const { models, ask, registry, failed, logged } = serve([
      spec('broken'),
      spec('fine', { name: 'f' }),
      spec('impossible', { name: 'i' }),
    ])
    await models.start()
    expect(await ask('f')).toBe('fine')
    expect(await reasonOf(ask('m'))).toBe('not_ready')
    expect(registry.info('i').readiness).toEqual({ ready: false, why: 'there is no interpreter' })
    expect(failed).toEqual(['i 1', 'm 1'])
    expect(logged).toHaveBeenCalledTimes(2)
  })

  it('fails when no model starts', async () => {
    await expect(serve([spec('broken'), spec('impossible', { name: 'i' })]).models.start()).rejects.toThrow(
      'no licence',
    )
  })

  it('takes it for no fault when models do not start because all are stopped', async () => {
    const { models, logged } = serve([spec('one'), spec('two', { version: '2' }), spec('broken', { name: 'b' })])
    await models.stop(0)
    await expect(models.start()).rejects.toThrow('the model is being stopped')
    expect(logged).not.toHaveBeenCalled()
  })

  it('leaves a model alone that is not to be loaded', async () => {
    const { models, made, registry } = serve([spec('one', {}, false)])
    await models.start()
    expect(made).toEqual([])
    expect(registry.info('m').readiness).toEqual({ ready: false, why: 'it is not loaded' })
  })
})

describe('load and unload', () => {
  it('load starts what is not loaded, and leaves alone what runs', async () => {
    const { models, made, ask } = serve([spec('one', {}, false)])
    await models.load('m')
    await models.load('m')
    expect(await ask()).toBe('one')
    expect(made).toHaveLength(1)
  })

  it('load says why a model does not start, and stops its plugins', async () => {
    const { models, registry, plugins, failed } = serve([spec('broken', {}, false)])
    await expect(models.load('m')).rejects.toMatchObject({
      reason: 'misconfigured',
      message: 'm does not start: no licence',
    })
    expect(registry.info('m').readiness).toEqual({ ready: false, why: 'no licence' })
    expect(plugins('broken').stopped).toBe(true)
    expect(failed).toEqual(['m 1'])
  })

  it('unload refuses new requests, lets those in flight end, then stops the plugins', async () => {
    const { models, ask, plugins, registry } = serve([spec('one')])
    await models.start()
    const gate = deferred<void>()
    plugins('one').hold = gate.promise
    const inFlight = ask()
    const unloaded = models.unload('m')
    await vi.waitFor(() => expect(registry.find('m').readiness.ready).toBe(false))
    expect(await reasonOf(ask())).toBe('not_ready')
    expect(plugins('one').stopped).toBe(false)
    gate.resolve()
    expect(await inFlight).toBe('one')
    await unloaded
    expect(plugins('one').stopped).toBe(true)
    await models.load('m')
    expect(await ask()).toBe('one')
  })

  it('unload lets requests go on that wait for a slot', async () => {
    const { models, ask, plugins } = serve([spec('one', { slots: 1 })])
    await models.start()
    const gate = deferred<void>()
    plugins('one').hold = gate.promise
    const requests = [ask(), ask(), ask()]
    const unloaded = models.unload('m')
    await new Promise(resolve => setImmediate(resolve))
    gate.resolve()
    expect(await Promise.all(requests)).toEqual(['one', 'one', 'one'])
    await unloaded
  })

  it('unload ends what does not end in time', async () => {
    const { models, ask, plugins } = serve([spec('one')], () => {}, 20)
    await models.start()
    plugins('one').hold = new Promise(() => {})
    const request = reasonOf(ask())
    await models.unload('m')
    expect(await request).toBe('not_ready')
  })

  it('unload of a version hands its requests to the next one', async () => {
    const { models, ask } = serve([spec('one'), spec('two', { version: '2' })])
    await models.start()
    await models.unload('m', '2')
    expect(await ask('m')).toBe('one')
    await expect(models.unload('m', '3')).rejects.toMatchObject({ reason: 'version_unknown' })
    await expect(models.unload('x')).rejects.toMatchObject({ reason: 'model_unknown' })
  })
})

describe('reload', () => {
  it('switches to new plugins when they are ready, and stops the old ones when they are idle', async () => {
    const { models, ask, made } = serve([spec('one')])
    await models.start()
    const [old] = made
    const gate = deferred<void>()
    if (old) old.hold = gate.promise
    const inFlight = ask()
    await models.reload('m')
    expect(await ask()).toBe('one')
    expect([made.length, old?.stopped]).toEqual([2, false])
    gate.resolve()
    expect(await inFlight).toBe('one')
    await vi.waitFor(() => expect(old?.stopped).toBe(true))
  })

  it('leaves the old plugins running when the new ones do not start', async () => {
    let healthy = true
    const { models, ask, made, failed } = serve([spec('one')], plugins => {
      if (!healthy) Object.assign(plugins, { start: () => Promise.reject(new Error('no licence')) })
    })
    await models.start()
    healthy = false
    expect(await reasonOf(models.reload('m'))).toBe('misconfigured')
    expect(await ask()).toBe('one')
    expect(made.map(({ stopped }) => stopped)).toEqual([false, true])
    expect(failed).toEqual(['m 1'])
  })

  it('never lets two plugins overlap that need the same port', async () => {
    const events: string[] = []
    let number = 0
    const { models, ask } = serve([spec('one')], plugins => {
      number += 1
      const mine = number
      const { start, stop } = plugins
      plugins.exclusive = true
      Object.assign(plugins, {
        start: () => start.call(plugins).then(() => events.push(`${mine} started`)),
        stop: () => stop.call(plugins).then(() => events.push(`${mine} stopped`)),
      })
    })
    await models.start()
    await models.reload('m')
    expect(events).toEqual(['1 started', '1 stopped', '2 started'])
    expect(await ask()).toBe('one')
  })

  it('starts the old plugins again when those that need the same port do not start', async () => {
    let number = 0
    const { models, ask, made } = serve([spec('one')], plugins => {
      number += 1
      plugins.exclusive = true
      if (number === 2) Object.assign(plugins, { start: () => Promise.reject(new Error('no licence')) })
    })
    await models.start()
    expect(await reasonOf(models.reload('m'))).toBe('misconfigured')
    expect(await ask()).toBe('one')
    expect(made.map(({ stopped }) => stopped)).toEqual([true, true, false])
  })

  it('no request fails under load', async () => {
    const { models, ask } = serve([spec('one')])
    await models.start()
    let going = true
    const client = async () => {
      let answered = 0
      while (going) {
        await ask()
        answered += 1
        await new Promise(resolve => setImmediate(resolve))
      }
      return answered
    }
    const clients = Array.from({ length: 8 }, client)
    for (let times = 0; times < 5; times += 1) await models.reload('m')
    going = false
    expect(Math.min(...(await Promise.all(clients)))).toBeGreaterThan(0)
  })
})

describe('another configuration', () => {
  it('adds what is new, takes away what is gone, and leaves alone what stays the same', async () => {
    const { models, ask, made, observed, plugins } = serve([spec('one'), spec('gone', { name: 'g' })])
    await models.start()
    await models.apply([spec('one', { aliases: ['alias'] }), spec('new', { name: 'n' })])
    expect(await Promise.all([ask('alias'), ask('n')])).toEqual(['one', 'new'])
    expect(await reasonOf(ask('g'))).toBe('model_unknown')
    expect(plugins('gone').stopped).toBe(true)
    expect(made.map(({ answer }) => answer)).toEqual(['one', 'gone', 'new'])
    expect([...observed]).toEqual(['m 1', 'n 1'])
  })

  it('gives a model whose plugins changed new ones, and keeps the old if they do not start', async () => {
    const { models, ask, plugins } = serve([spec('one'), spec('other', { name: 'o' })])
    await models.start()
    await models.apply([spec('uno'), spec('broken', { name: 'o' })])
    expect(await Promise.all([ask('m'), ask('o')])).toEqual(['uno', 'other'])
    await vi.waitFor(() => expect(plugins('one').stopped).toBe(true))
    expect([plugins('other').stopped, plugins('broken').stopped]).toEqual([false, true])
  })

  it('changes limits without new plugins, and keeps slots that an operator set unless they change there', async () => {
    const { models, registry, made } = serve([spec('one')])
    await models.start()
    models.setSlots('m', 3)
    await models.apply([spec('one', { queue: 5 })])
    expect(registry.find('m').slots.total).toBe(3)
    await models.apply([spec('one', { slots: 7 })])
    expect([registry.find('m').slots.total, made.length]).toEqual([7, 1])
  })

  it('starts a model that is to be loaded now, and stops one that no longer is', async () => {
    const { models, ask, plugins } = serve([spec('one', {}, false), spec('other', { name: 'o' })])
    await models.start()
    await models.apply([spec('one'), spec('other', { name: 'o' }, false)])
    expect(await ask('m')).toBe('one')
    expect(await reasonOf(ask('o'))).toBe('not_ready')
    expect(plugins('other').stopped).toBe(true)
  })

  it('leaves alone what an operator unloaded, and starts it in the new way when it is loaded', async () => {
    const { models, ask, made } = serve([spec('one')])
    await models.start()
    await models.unload('m')
    await models.apply([spec('uno')])
    expect(made.map(({ answer }) => answer)).toEqual(['one'])
    await models.load('m')
    expect(await ask()).toBe('uno')
  })

  it('tries a model again that is to run and does not', async () => {
    const { models, ask } = serve([spec('impossible'), spec('fine', { name: 'f' })])
    await models.start()
    await models.apply([spec('possible'), spec('fine', { name: 'f' })])
    expect(await ask('m')).toBe('possible')
  })
})
