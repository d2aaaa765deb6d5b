import { afterEach, expect, it, vi } from 'vitest'
import { Status } from '../../../src/core/payload.js'
import { type NativeSetOptions, nativeSet, once, texts, withSession } from './native-set.js'

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(close => close()))
})

async function start(options: NativeSetOptions) {
  const { set, close } = nativeSet(options)
  running.push(close)
  await set.start()
  return set
}

function words(text: string) {
  return [{ key: 'words', type: 'text', status: Status.once, attributes: {}, data: Buffer.from(text) }] as const
}

it('are handed to the engine as personalised data, named by calls and sessions, and taken back', async () => {
  const resources = new Map([[4, words('early')]])
  const set = await start({ resources })
  expect(texts(await once(set, { do: 'resources' }, { resources: [4] }))).toEqual(['result=words/4/2:early;'])

  resources.set(9, words('late'))
  await set.syncResources()
  const both = 'result=words/4/2:late;words/4/2:early;'
  expect(texts(await once(set, { do: 'resources' }, { resources: [9, 4] }))).toEqual([both])
  const frame = { key: 'text', type: 'text', status: Status.end, attributes: {}, data: Buffer.from('x') } as const
  const seen = await withSession(
    set,
    { do: 'resources' },
    async session => {
      await session.write([frame])
      for await (const result of session.results) return texts(result)
      return []
    },
    [9, 4],
  )
  expect(seen).toEqual([both])

  resources.delete(4)
  await set.syncResources()
  expect(texts(await once(set, { do: 'resources' }, { resources: [9] }))).toEqual(['result=words/4/2:late;'])
})

it('that the engine does not have fail the calls and sessions that name them, which it never sees', async () => {
  const set = await start({ resources: new Map([[1, words('one')]]) })
  const missing = { reason: 'wrapper_failed', message: 'the resource 7 is not loaded' }
  await expect(once(set, { do: 'resources' }, { resources: [1, 7] })).rejects.toMatchObject(missing)
  await expect(withSession(set, { do: 'resources' }, async () => {}, [7])).rejects.toMatchObject(missing)
  expect(texts(await once(set, { do: 'resources' }, { resources: [1] }))).toEqual(['result=words/4/2:one;'])
})

it('that the engine refuses fail with its code and text', async () => {
  const resources = new Map()
  const set = await start({ resources })
  resources.set(1, words('refuse'))
  const failure = { reason: 'wrapper_failed', wrapperRet: 7001, message: 'the engine says no' }
  await expect(set.syncResources()).rejects.toMatchObject(failure)
})

it('are not taken from the engine while a request or a session names them', async () => {
  const resources = new Map([[1, words('one')]])
  const set = await start({ resources })
  await withSession(
    set,
    {},
    async () => {
      const asked = once(set, { do: 'resources', sleep: '300' }, { resources: [1] })
      // The host has taken the request when it has answered one that came later.
      await once(set, {})
      resources.delete(1)
      await set.syncResources()
      expect(texts(await asked)).toEqual(['result=words/4/2:one;'])
      expect(texts(await once(set, { do: 'resources' }, { resources: [1] }))).toEqual(['result=words/4/2:one;'])
    },
    [1],
  )
  await vi.waitFor(async () => {
    await expect(once(set, { do: 'resources' }, { resources: [1] })).rejects.toMatchObject({ reason: 'wrapper_failed' })
  })
})

it('are there again, on every replica, when one was started anew', async () => {
  const resources = new Map([[1, words('one')]])
  const set = await start({ resources, replicas: 2 })
  await expect(once(set, { do: 'segfault' })).rejects.toMatchObject({ reason: 'plugin_crashed' })
  resources.set(2, words('two'))
  await set.syncResources()
  await vi.waitFor(() => expect(set.replicas).toMatchObject([{ up: true }, { up: true }]), { timeout: 10_000 })
  const asked = Array.from({ length: 8 }, () => once(set, { do: 'resources', sleep: '50' }, { resources: [1, 2] }))
  for (const answer of await Promise.all(asked)) expect(texts(answer)).toEqual(['result=words/4/2:one;words/4/2:two;'])
})
