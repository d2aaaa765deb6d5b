import { pino } from 'pino'
import { describe, expect, it, vi } from 'vitest'
import type { ReplicaSet } from '../../../src/plugin/replica-set.js'
import { faultCall, faultSet, once, pidOf } from './fault-set.js'

/** Calls one after the other, several at a time, until told to stop; resolves with the processes that answered. */
function load(set: ReplicaSet, clients: number): { readonly pids: Set<number>; stop(): Promise<unknown> } {
  const pids = new Set<number>()
  let going = true
  const client = async () => {
    while (going) pids.add(await pidOf(set))
  }
  const all = Promise.all(Array.from({ length: clients }, client))
  all.catch(() => {})
  return {
    pids,
    stop() {
      going = false
      return all
    },
  }
}

/** The log of a set, and how many plugins ran at the same time at most. */
function observed() {
  let now = 0
  let most = 0
  const lines: string[] = []
  const write = (text: string) => {
    const { msg } = JSON.parse(text) as { msg: string }
    lines.push(msg)
    if (msg.startsWith('starting the plugin')) now += 1
    if (/^the plugin (exited|was ended)/.test(msg)) now -= 1
    most = Math.max(most, now)
  }
  return { log: pino({ level: 'debug' }, { write }), lines, most: () => most }
}

// Each exchange starts a process, which takes its time on a loaded machine.
describe('a plugin that is worn out', { timeout: 40_000 }, () => {
  it.each([
    ['requests', { recycleRequests: 30 }],
    ['memory', { recycleMemoryMiB: 1 }],
  ])('is exchanged for its %s while requests go on, and none of them fails', async (_, limits) => {
    const set = faultSet('well-behaved', limits)
    await set.start()
    const { pids, stop } = load(set, 4)
    await vi.waitFor(() => expect(pids.size).toBeGreaterThan(2), { timeout: 30_000 })
    expect(set.readiness.ready).toBe(true)
    await stop()
  })

  it('goes on with what it holds until that is done', async () => {
    const set = faultSet('well-behaved', { recycleRequests: 1 })
    await set.start()
    const pid = await pidOf(set)
    const lease = set.acquire()
    await vi.waitFor(async () => expect(await pidOf(set)).not.toBe(pid), { timeout: 30_000 })
    const { payloads } = await lease.once(faultCall('pid'))
    expect(Buffer.from(payloads[0]?.data ?? []).toString()).toBe(String(pid))
    lease.release(() => {})
    await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow('ESRCH'), { timeout: 5000 })
  })

  it('that no other may run beside ends first, while requests wait and none of them fails', async () => {
    const { log, lines, most } = observed()
    // A plugin of protocol 1 that chose a port of its own will want it again.
    const set = faultSet('well-behaved', { protocol: 1, network: 'tcp', recycleRequests: 30, log })
    await set.start()
    const { pids, stop } = load(set, 4)
    await vi.waitFor(() => expect(pids.size).toBeGreaterThan(2), { timeout: 30_000 })
    await stop()
    expect(lines.filter(line => line.startsWith('the plugin is exchanged')).length).toBeGreaterThan(1)
    expect(most()).toBe(1)
  })

  it('goes on when its successor does not start', async () => {
    const { log, lines } = observed()
    const shell =
      'test -e "$PLUGIN_UNIX_SOCKET_DIR/used" && exit 7; touch "$PLUGIN_UNIX_SOCKET_DIR/used"; exec "$0" "$@"'
    const set = faultSet('well-behaved', { recycleRequests: 1, shell, log })
    await set.start()
    const pid = await pidOf(set)
    await vi.waitFor(() => expect(lines.join()).toMatch(/exited with code 7[\s\S]*could not be exchanged/), {
      timeout: 10_000,
    })
    expect(await pidOf(set)).toBe(pid)
    expect((await once(set, 'none')).payloads).toHaveLength(1)
  })
})
