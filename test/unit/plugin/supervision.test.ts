import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { pino } from 'pino'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { ServiceError } from '../../../src/core/error.js'
import type { ReplicaSet } from '../../../src/plugin/replica-set.js'
import { statOf } from '../../../src/plugin/runner/process-stat.js'
import { type FaultSetOptions, faultCall, faultSet, once, pidOf, reasonOf, textOf, until } from './fault-set.js'

const folder = mkdtempSync(join(tmpdir(), 'supervision-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const QUICK = { watchTimes: { lookMs: 20, stoppedMs: 200, intervalMs: 50, healthTimeoutMs: 300 } }

async function started(mode: Parameters<typeof faultSet>[0], options: FaultSetOptions = {}): Promise<ReplicaSet> {
  const set = faultSet(mode, options)
  await set.start()
  return set
}

/** Resolves when another process answers than this one. */
async function successorOf(set: ReplicaSet, pid: number): Promise<number> {
  await until(set, false)
  await until(set, true)
  const successor = await pidOf(set)
  expect(successor).not.toBe(pid)
  return successor
}

// Five starts and the waits between them.
describe('a plugin that never becomes ready', { timeout: 40_000 }, () => {
  it('is in a crash loop after five starts: readiness and metrics say so, the log once, until it becomes ready', async () => {
    const flag = join(folder, 'may-start')
    const lines: { level: number; msg: string }[] = []
    const log = pino({ level: 'debug' }, { write: text => lines.push(JSON.parse(text)) })
    const set = faultSet('well-behaved', { log, shell: `test -e ${flag} || exit 7; exec "$0" "$@"` })
    await expect(set.start()).rejects.toThrow('exited with code 7')
    const attempts = () => lines.filter(({ msg }) => msg.startsWith('starting the plugin')).length
    await vi.waitFor(() => expect(attempts()).toBeGreaterThan(5), { timeout: 30_000 })
    expect(set.readiness).toMatchObject({ why: expect.stringMatching(/^crash loop: .*exited with code 7/) })
    expect(set.replicas).toEqual([{ up: false, crashLoop: true }])
    expect(await reasonOf((async () => set.acquire())())).toBe('not_ready')
    expect(set.restarting).toBe(false)
    writeFileSync(flag, '')
    await until(set, true)
    expect(set.replicas).toEqual([{ up: true, crashLoop: false }])
    const errors = lines.filter(({ level }) => level >= 50).map(({ msg }) => msg)
    // The first failure is the caller's to report.
    expect(errors).toHaveLength(4)
    expect(errors[3]).toMatch(/^crash loop: 5 starts in a row failed[\s\S]*command: fault-plugin/)
  })
})

describe.each([1, 2] as const)('a plugin of protocol %i that hangs', { timeout: 30_000 }, protocol => {
  it('is replaced when it was stopped while it was idle', async () => {
    const set = await started('well-behaved', { ...QUICK, protocol })
    const pid = await pidOf(set)
    process.kill(pid, 'SIGSTOP')
    await successorOf(set, pid)
  })

  it('is replaced when it answers no health check any more', async () => {
    const set = await started('well-behaved', { ...QUICK, protocol })
    const pid = await pidOf(set)
    await once(set, 'mute')
    await successorOf(set, pid)
  })

  it('is replaced when it holds a call past its deadline and longer than it may, and gives the place back', async () => {
    const set = await started('well-behaved', { ...QUICK, protocol, hangTimeoutMs: 100 })
    const pid = await pidOf(set)
    const lease = set.acquire()
    const failed = reasonOf(lease.once({ ...faultCall('hang'), deadline: performance.now() + 50 }))
    await successorOf(set, pid)
    expect(await failed).toBe('plugin_crashed')
    await new Promise<void>(idle => lease.release(idle))
  })
})

/** Requests to the set, one after the other, for so long. */
async function askFor(set: ReplicaSet, ms: number): Promise<number[]> {
  const pids = new Set<number>()
  const end = performance.now() + ms
  while (performance.now() < end) pids.add(await pidOf(set))
  return [...pids]
}

describe.runIf(process.platform === 'linux')('a plugin whose process is stopped', { timeout: 30_000 }, () => {
  const PATIENT = { watchTimes: { ...QUICK.watchTimes, stoppedMs: 60_000, intervalMs: 60_000 } }

  it('gets no requests until it goes on', async () => {
    const set = await started('well-behaved', PATIENT)
    const pid = await pidOf(set)
    process.kill(pid, 'SIGSTOP')
    await until(set, false)
    expect(set.readiness).toEqual({ ready: false, why: 'the plugin is frozen' })
    expect(set.restarting).toBe(true)
    process.kill(pid, 'SIGCONT')
    await until(set, true)
    expect(await pidOf(set)).toBe(pid)
  })

  it('has the resources that came meanwhile before it gets requests again', async () => {
    const resources = new Map<number, []>()
    const set = await started('well-behaved', { ...PATIENT, resources })
    const pid = await pidOf(set)
    process.kill(pid, 'SIGSTOP')
    await until(set, false)
    resources.set(7, [])
    await set.syncResources()
    process.kill(pid, 'SIGCONT')
    await until(set, true)
    expect(textOf(await once(set, 'resources'))).toBe('7')
  })

  it('leaves its requests to the other replicas', async () => {
    const set = await started('well-behaved', { ...PATIENT, replicas: 2 })
    const first = set.acquire()
    const stopped = Number(textOf(await first.once(faultCall('pid'))))
    const other = await pidOf(set)
    first.release(() => {})
    process.kill(stopped, 'SIGSTOP')
    await vi.waitFor(() => expect(set.replicas.filter(({ up }) => up)).toHaveLength(1), 10_000)
    expect(await askFor(set, 100)).toEqual([other])
    process.kill(stopped, 'SIGCONT')
  })

  it('is replaced when it does not go on, although a call keeps it from being asked; what it had not begun moves', async () => {
    const set = await started('serial', QUICK)
    const { pid, hanging, waiting } = await behindHang(set, 2)
    process.kill(pid, 'SIGSTOP')
    await successorOf(set, pid)
    expect(await hanging).toBe('plugin_crashed')
    expect(await Promise.all(waiting)).not.toContain(pid)
  })

  it('is told from the shell that started it', async () => {
    const set = await started('well-behaved', { ...QUICK, shell: '"$0" "$@"; true' })
    const pid = await pidOf(set)
    const shell = Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    process.kill(shell, 'SIGSTOP')
    expect(await askFor(set, 500)).toEqual([pid])
    process.kill(shell, 'SIGCONT')
    process.kill(pid, 'SIGSTOP')
    await successorOf(set, pid)
  })

  it('is told from a child of it', async () => {
    const file = join(folder, 'child')
    const set = await started('well-behaved', { ...QUICK, shell: `sleep 600 & echo $! >${file}; exec "$0" "$@"` })
    const pid = await pidOf(set)
    process.kill(Number(readFileSync(file, 'utf8')), 'SIGSTOP')
    expect(await askFor(set, 500)).toEqual([pid])
  })

  it('is not held to a time for which the daemon was stopped, too', async () => {
    const set = await started('well-behaved', { ...QUICK, concurrency: 2, hangTimeoutMs: 60_000 })
    const pid = await pidOf(set)
    const hanging = set.acquire()
    const failed = reasonOf(hanging.once(faultCall('hang')))
    const now = performance.now.bind(performance)
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 600_000)
    expect(await askFor(set, 500)).toEqual([pid])
    vi.restoreAllMocks()
    hanging.cancel(new ServiceError('cancelled'))
    expect(await failed).toBe('cancelled')
    hanging.release(() => {})
  })
})

/** A call that is never done, and `count` calls that wait behind it for the same process. */
async function behindHang(set: ReplicaSet, count: number) {
  const pid = await pidOf(set)
  const hanging = reasonOf(once(set, 'hang'))
  const waiting = Array.from({ length: count }, () => pidOf(set))
  return { pid, hanging, waiting }
}

describe('a once call', { timeout: 30_000 }, () => {
  it('that its plugin had not begun when it crashed waits for the next one', async () => {
    const set = await started('serial')
    const { pid, hanging, waiting } = await behindHang(set, 3)
    process.kill(pid, 'SIGKILL')
    expect(await hanging).toBe('plugin_crashed')
    const answered = await Promise.all(waiting)
    expect(new Set(answered).size).toBe(1)
    expect(answered).not.toContain(pid)
  })

  it('that its plugin had not begun goes to another replica that is ready', async () => {
    const set = await started('serial', { replicas: 2 })
    const [first, second] = [set.acquire(), set.acquire()]
    const [one, other] = await Promise.all(
      [first, second].map(async lease => textOf(await lease.once(faultCall('pid')))),
    )
    first.release(() => {})
    const hanging = reasonOf(once(set, 'hang'))
    const waiting = pidOf(set)
    process.kill(Number(one), 'SIGKILL')
    expect(await waiting).toBe(Number(other))
    expect(await hanging).toBe('plugin_crashed')
    second.release(() => {})
  })

  it('whose results come one by one moves as long as it has given none', async () => {
    const set = await started('serial')
    const { pid, hanging } = await behindHang(set, 0)
    const lease = set.acquire()
    const results: string[] = []
    const reading = (async () => {
      for await (const { payloads } of lease.stream(faultCall('none'))) {
        results.push(...payloads.map(({ data }) => Buffer.from(data).toString()))
      }
    })()
    process.kill(pid, 'SIGKILL')
    await reading
    expect(results).toEqual(['hello'])
    expect(await hanging).toBe('plugin_crashed')
    lease.release(() => {})
  })

  it.each([
    ['fails', false, 2],
    ['is begun anew, once, where that is allowed,', true, 3],
  ])('that its plugin had begun %s', async (_, retryCrashed, starts) => {
    const lines: string[] = []
    const log = pino({ level: 'info' }, { write: text => lines.push(text) })
    const set = await started('serial', { retryCrashed, log })
    expect(await reasonOf(once(set, 'crash'))).toBe('plugin_crashed')
    await until(set, true)
    expect(lines.filter(line => line.includes('starting the plugin'))).toHaveLength(starts)
  })

  it.runIf(process.platform === 'linux').each([
    ['plain', false],
    ['encrypted', true],
  ])(
    'is what its plugin said of it before it died, although writes failed before that was read (%s)',
    async (_, tls) => {
      const pids: number[] = []
      const log = pino({ level: 'info' }, { write: text => pids.push(JSON.parse(text).pid) })
      const set = await started('serial', { tls, log })
      const answered = once(set, 'none')
      const crashed = reasonOf(once(set, 'crash'))
      // Both have left then.
      await nextTurn()
      await nextTurn()
      // Goes before the next write in its turn: nothing is read until the plugin has ended, of which nobody takes note.
      setImmediate(() => {
        while (statOf(pids[0] as number)?.state !== 'Z');
      })
      const moved = once(set, 'none')
      expect(textOf(await answered)).toBe('hello')
      expect(await crashed).toBe('plugin_crashed')
      expect(textOf(await moved)).toBe('hello')
    },
  )

  it('that waits for the next plugin ends when nobody waits for it any more, and is never run', async () => {
    const lines: string[] = []
    const log = pino({ level: 'debug' }, { write: text => lines.push(text) })
    const runs = () => lines.filter(line => line.includes('a call was run')).length
    const set = await started('serial', { log })
    const { pid, hanging } = await behindHang(set, 0)
    const [left, staying] = [set.acquire(), set.acquire()]
    const waiting = reasonOf(left.once(faultCall('say')))
    const answered = staying.once(faultCall('say'))
    process.kill(pid, 'SIGKILL')
    await hanging
    left.cancel(new ServiceError('cancelled'))
    expect(await waiting).toBe('cancelled')
    expect(textOf(await answered)).toBe('hello')
    await pidOf(set)
    await vi.waitFor(() => expect(runs()).toBe(1), 10_000)
    for (const lease of [left, staying]) lease.release(() => {})
  })

  it('that waits for the next plugin while its resource is unloaded ends with resource_unknown', async () => {
    const resources = new Map([[1, []]])
    const set = await started('serial', { resources })
    const { pid, hanging } = await behindHang(set, 0)
    const [lease, other] = [set.acquire(), set.acquire()]
    const waiting = reasonOf(lease.once({ ...faultCall('none'), resources: [1] }))
    const unconcerned = other.once(faultCall('none'))
    process.kill(pid, 'SIGKILL')
    await hanging
    resources.delete(1)
    expect(await waiting).toBe('resource_unknown')
    expect(textOf(await unconcerned)).toBe('hello')
    for (const held of [lease, other]) held.release(() => {})
  })

  it.each([
    ['is not begun anew', false],
    ['might be begun anew', true],
  ])(
    'does not wait for a plugin in a crash loop: one that had not begun is refused, one that had and %s fails',
    async (_, retryCrashed) => {
      const flag = join(folder, `has-started ${retryCrashed}`)
      const shell = `test -e '${flag}' && exit 7; touch '${flag}'; exec "$0" "$@"`
      const set = await started('serial', { retryCrashed, shell })
      const { pid, hanging, waiting } = await behindHang(set, 1)
      process.kill(pid, 'SIGKILL')
      expect(await hanging).toBe('plugin_crashed')
      await expect(waiting[0]).rejects.toMatchObject({
        reason: 'not_ready',
        message: expect.stringMatching(/^fault is not ready: crash loop: .*exited with code 7/),
      })
      expect(set.readiness).toMatchObject({ why: expect.stringMatching(/^crash loop/) })
    },
  )
})
