import { afterEach, expect, it } from 'vitest'
import { nativeSet, once, texts } from './native-set.js'

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(close => close()))
})

async function start() {
  const { set, close } = nativeSet()
  running.push(close)
  await set.start()
  return set
}

it.each(['0', '3'])('fails what an engine works on when it exits with status %s', async status => {
  const set = await start()
  await expect(once(set, { do: 'exit', status })).rejects.toMatchObject({ reason: 'plugin_crashed' })
})

it('goes on when an engine closes the standard descriptors', async () => {
  const set = await start()
  expect(texts(await once(set, { do: 'close' }))).toEqual(['text=hello'])
  expect(texts(await once(set, {}))).toEqual(['text=hello'])
  expect(texts(await once(set, {}))).toEqual(['text=hello'])
})
