import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import type { ModelAbilities } from '../../../src/core/model.js'
import { Status } from '../../../src/core/payload.js'
import { Model } from '../../../src/session/model.js'
import { ModelResources } from '../../../src/session/resources.js'
import { deferred } from '../rpc/deferred.js'
import { FakePlugins, OPTIONS } from './managed-backend.js'

const ABLE: ModelAbilities = { once: true, streamingOutput: false, sessions: false, chat: false, resources: true }
const WORDS = [{ key: 'words', type: 'other', status: Status.once, attributes: {}, data: Buffer.from('abc') }] as const

/** Two versions of a model that share their resources. */
async function versions(abilities: ModelAbilities | undefined = ABLE) {
  const resources = new ModelResources()
  const plugins = ['one', 'two'].map(name => new FakePlugins(name))
  for (const fake of plugins) {
    fake.abilities = abilities
    await fake.start()
  }
  const models = plugins.map((fake, index) => new Model({ ...OPTIONS, version: `${index + 1}` }, fake, resources))
  const numbers = () => [...resources.byNumber.keys()]
  return { resources, plugins, models, numbers }
}

const request = { model: 'm', parameters: {}, payloads: [], accepts: [] }
const context = () => ({ sid: 's', protocol: 'test', signal: new AbortController().signal })

describe('resources of a model', () => {
  it('reach the plugins of every version before their id is given', async () => {
    const { resources, plugins, models, numbers } = await versions()
    const seen: number[][] = []
    for (const fake of plugins) fake.syncResources = async () => void seen.push(numbers())
    expect(await resources.load(models, WORDS)).toBe('1')
    expect(await resources.load(models, WORDS)).toBe('2')
    expect(seen).toEqual([[1], [1], [1, 2], [1, 2]])
    expect(resources.byNumber.get(2)).toBe(WORDS)
  })

  it('are taken back from all when one refuses, and the id is not used again', async () => {
    const { resources, plugins, models, numbers } = await versions()
    const [first, second] = plugins as [FakePlugins, FakePlugins]
    const seen: number[][] = []
    first.syncResources = async () => void seen.push(numbers())
    second.syncResources = async () => {
      if (numbers().length > 0) throw new ServiceError('wrapper_failed', 'no', { wrapperRet: 7 })
    }
    await expect(resources.load(models, WORDS)).rejects.toMatchObject({ reason: 'wrapper_failed', wrapperRet: 7 })
    expect(seen).toEqual([[1], []])
    second.syncResources = async () => {}
    expect(await resources.load(models, WORDS)).toBe('2')
  })

  it('are refused for wrappers that take none', async () => {
    const { resources, models } = await versions({ ...ABLE, resources: false })
    await expect(resources.load(models, WORDS)).rejects.toMatchObject({ reason: 'ability_missing' })
  })

  it('are named by requests until they are unloaded', async () => {
    const { resources, plugins, models } = await versions()
    const [model] = models as [Model]
    const ids = [await resources.load(models, WORDS), await resources.load(models, WORDS)]
    await model.once({ ...request, resources: [...ids].reverse() }, context())
    expect(plugins[0]?.calls[0]?.resources).toEqual([2, 1])

    await resources.unload(models, '1')
    const message = "no resource '1' is loaded; there is 2"
    await expect(model.once({ ...request, resources: ids }, context())).rejects.toMatchObject({
      reason: 'resource_unknown',
      message,
    })
    await expect(resources.unload(models, '1')).rejects.toMatchObject({ message })
    await expect(resources.unload(models, '2 ')).rejects.toMatchObject({ reason: 'resource_unknown' })
    expect(model.slots.inUse).toBe(0)
  })

  it('that are unloaded while requests wait for a slot are unknown to these, and reach no plugin', async () => {
    const { resources, plugins, models } = await versions()
    const [model] = models as [Model]
    const [fake] = plugins as [FakePlugins]
    const id = await resources.load(models, WORDS)
    const held = deferred()
    fake.hold = held.promise
    model.configure({ ...OPTIONS, slots: 1 })
    const running = model.once({ ...request, resources: [id] }, context())
    const waiting = [
      model.once({ ...request, resources: [id] }, context()),
      model.open({ ...request, resources: [id] }, context()),
      model.stream({ ...request, resources: [id] }, context()).next(),
    ].map(ended => expect(ended).rejects.toMatchObject({ reason: 'resource_unknown' }))
    expect(model.slots.queued).toBe(3)
    await resources.unload(models, id)
    held.resolve()
    await running
    await Promise.all(waiting)
    expect([fake.calls.length, model.slots.inUse]).toEqual([1, 0])
  })
})
