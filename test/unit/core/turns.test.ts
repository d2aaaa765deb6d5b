import { expect, it } from 'vitest'
import { Turns } from '../../../src/core/turns.js'

it('what is asked for while something is being done waits, and goes on although that fails', async () => {
  const turns = new Turns()
  const done: string[] = []
  let fail = (_: Error) => {}
  const first = turns.take(
    () =>
      new Promise<void>((_, reject) => {
        fail = reject
      }),
  )
  const second = turns.take(async () => {
    done.push('second')
  })
  const third = turns.take(async () => 'third')
  await Promise.resolve()
  expect(done).toEqual([])
  fail(new Error('no'))
  await expect(first).rejects.toThrow('no')
  await second
  expect(done).toEqual(['second'])
  expect(await third).toBe('third')
})
