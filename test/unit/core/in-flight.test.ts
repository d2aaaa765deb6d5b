import { setImmediate as turn } from 'node:timers/promises'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, it } from 'vitest'
import { InFlight } from '../../../src/core/in-flight.js'

it('finds what is in flight by its number until it is deleted', () => {
  const calls = new InFlight<string>()
  const first = calls.add('first')
  const second = calls.add('second')
  expect([calls.get(first), calls.get(second), calls.size]).toEqual(['first', 'second', 2])
  calls.delete(first)
  calls.delete(first)
  expect([calls.get(first), calls.get(second), calls.size]).toEqual([undefined, 'second', 1])
})

it('does not give a number again that was in use before, whatever has stayed meanwhile', () => {
  const calls = new InFlight<number>()
  const stays = calls.add(-1)
  const numbers = new Set([stays])
  for (let index = 0; index < 1000; index++) {
    const number = calls.add(index)
    expect(numbers.has(number)).toBe(false)
    expect(calls.get(number)).toBe(index)
    numbers.add(number)
    calls.delete(number)
  }
  expect(calls.get(stays)).toBe(-1)
})

it('takes any number of entries and tells them in the order in which they came', () => {
  const calls = new InFlight<number>()
  const numbers = Array.from({ length: 1000 }, (_, index) => calls.add(index))
  for (const number of numbers.slice(0, 900)) calls.delete(number)
  for (let index = 1000; index < 1050; index++) calls.add(index)
  const expected = Array.from({ length: 150 }, (_, index) => 900 + index)
  expect(calls.all().map(([, entry]) => entry)).toEqual(expected)
  expect(calls.all().every(([number, entry]) => calls.get(number) === entry)).toBe(true)
})

it('lets go of what has been deleted, however many have come and gone since', async () => {
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  const oldGeneration = () =>
    getHeapSpaceStatistics().find(space => space.space_name === 'old_space')?.space_used_size ?? 0
  const calls = new InFlight<number[]>()
  const numbers: number[] = []
  const churn = (times: number) => {
    for (let index = 0; index < times; index++) {
      numbers.push(calls.add(new Array<number>(250).fill(index)))
      if (numbers.length > 64) calls.delete(numbers.shift() as number)
    }
  }
  churn(1000)
  collectGarbage()
  const before = oldGeneration()
  for (let round = 0; round < 20; round++) {
    churn(1000)
    await turn()
  }
  // 40 MB have come and gone; a Map would have kept about half of them.
  expect(oldGeneration() - before).toBeLessThan(2 << 20)
})
