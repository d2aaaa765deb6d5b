import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { afterEach, expect, it } from 'vitest'
import { collectingHostLaunch, sanitizedHostLaunch } from '../../helpers/native-engine.js'
import { converse, type NativeSetOptions, nativeSet, once, payload, texts, withSession } from './native-set.js'

const running: (() => Promise<void>)[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(close => close()))
})

async function start(options: NativeSetOptions) {
  const { set, close } = nativeSet({ launch: sanitizedHostLaunch, ...options })
  running.push(close)
  await set.start()
  return set
}

const FRAMES = ['one', 'two', 'three']

it.each([false, true])(
  'the engine reads nothing that the host let go of, whatever the garbage collector does (asyncMode = %s)',
  async asyncMode => {
    const resources = new Map([[1, [payload('words')]]])
    const set = await start({ asyncMode, resources, concurrency: 32, wrapperConfig: { path: '/models' } })
    const frames = Array.from({ length: 20 }, (_, index) => `frame ${index} ${'x'.repeat(index * 100)}`)
    for (let round = 0; round < 4; round += 1) {
      await Promise.all([
        // Long enough for several collections while the engine has not looked at its input yet.
        ...Array.from({ length: 20 }, (_, index) =>
          once(set, { sleep: `${index * 5}`, padding: 'y'.repeat(index * 50) }),
        ),
        once(set, { do: 'params' }),
        once(set, { do: 'several', results: '3' }),
        once(set, { do: 'large', bytes: '5000000' }),
        once(set, { do: 'resources' }, { resources: [1] }),
        once(set, { do: 'report' }),
        withSession(set, { pauses: '1' }, session => converse(session, frames)),
        withSession(set, { writeSleep: '60' }, session => converse(session, FRAMES)),
        withSession(set, {}, async session => session.write([payload('one')])),
      ])
    }
    expect(texts(await once(set, {}))).toEqual(['text=hello'])
  },
  60_000,
)

it('a tag that was kept without copying is still there when the engine calls back late', async () => {
  const set = await start({ asyncMode: true })
  const late = Array.from({ length: 50 }, () => once(set, { do: 'late' }))
  const ended = withSession(set, { do: 'after-destroy' }, session => converse(session, FRAMES))
  await Promise.all([...late, ended])
  const until = performance.now() + 1500
  // Half of what is kept of all tags, so that those of the late ones are no longer among the newest.
  const sid = 'x'.repeat(1000)
  for (let round = 0; round < 50; round += 1) {
    await Promise.all(Array.from({ length: 20 }, () => once(set, {}, { sid })))
  }
  while (performance.now() < until) await Promise.all(Array.from({ length: 20 }, () => once(set, {})))
  expect(set.replicas).toMatchObject([{ up: true }])
}, 60_000)

it.each([false, true])(
  '20,000 requests and 500 sessions do not make the host grow (asyncMode = %s)',
  async asyncMode => {
    let pid: unknown
    const write = (line: string) => {
      pid ??= JSON.parse(line).pid
    }
    const log = pino({ base: null }, { write })
    const set = await start({
      asyncMode,
      log,
      launch: options => collectingHostLaunch(options),
      wrapperConfig: { onlyLengths: '1' },
    })
    const work = async (requests: number) => {
      let left = requests
      const client = async () => {
        for (; left > 0; left -= 1) {
          await once(set, {})
          if (left % 40 === 0) await withSession(set, {}, session => converse(session, FRAMES))
        }
      }
      await Promise.all(Array.from({ length: 16 }, client))
    }
    // Until threads and stacks have been used, and most of the tags are there that are kept.
    await work(10_000)
    const before = residentMegabytes(pid)
    await work(20_000)
    // Until what the last requests left has been collected, too; what leaks stays.
    await expect.poll(() => residentMegabytes(pid) - before, { timeout: 10_000 }).toBeLessThan(5)
  },
  120_000,
)

function residentMegabytes(pid: unknown): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) / 1024
}
