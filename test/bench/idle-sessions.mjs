// Thousands of idle WebSockets, each with an open session: what they cost the daemon, and the requests beside them.
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { format, printHead, row } from './figures.mjs'
import { loadWithoutFailure } from './once.mjs'
import { bodyFile, startClient, startDaemon, stop } from './processes.mjs'

const LIMIT_MS = 90_000
const WARM_UP_SESSIONS = 100
const LOAD_SECONDS = 3
/** Slots that the sessions leave for once requests. */
const FREE_SLOTS = 64

/** Prints a table: memory and once latency without and with the sessions. */
export async function idleSessions({ sessions }) {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const limits = `[fc]\nmax = ${sessions + FREE_SLOTS}\nttl = 600000\n[ws]\nreadTimeout = 600\nsessionTimeout = 600\n`
  const probe = ['--expose-gc', '--import', fileURLToPath(new URL('memory-probe.mjs', import.meta.url))]
  const daemon = startDaemon('async-streaming', limits, probe, ['ignore', 'pipe', 'inherit', 'ipc'])
  const clients = []
  try {
    const { http } = await daemon.found
    const open = async count => {
      const client = startClient('idle-client.mjs', { http, sessions: count }, signal)
      clients.push(client.child)
      await client.found
      await untilOpen(http, count, signal)
      return client.child
    }
    // What is loaded and compiled with the first sessions and requests belongs to no session.
    await stop(await open(WARM_UP_SESSIONS))
    await untilOpen(http, 0, signal)
    measureOnce(http)

    const before = { ...(await settledMemory(daemon.child, signal)), ...measureOnce(http) }
    await open(sessions)
    const after = { ...(await settledMemory(daemon.child, signal)), ...measureOnce(http) }
    await untilOpen(http, sessions, signal)
    show(sessions, before, after)
  } finally {
    await Promise.all(clients.map(stop))
    await daemon.stop()
  }
}

function measureOnce(http) {
  const task = { url: `${http}/v1/svcName`, bodyFile, seconds: LOAD_SECONDS }
  const [one, many] = [1, 32].map(connections => loadWithoutFailure('daemon', { ...task, connections }))
  return { one, many }
}

/** Waits until the daemon's metrics say that so many slots are in use. */
async function untilOpen(http, count, signal) {
  for (;;) {
    const metrics = await (await fetch(`${http}/metrics`, { signal })).text()
    if (Number(/aiservice_slots_in_use\{[^}]*\} (\d+)/.exec(metrics)?.[1]) === count) return
    await delay(50, undefined, { signal })
  }
}

/** The daemon's memory once it has stopped changing, garbage collected. */
async function settledMemory(child, signal) {
  let previous = await memory(child, signal)
  for (;;) {
    await delay(500, undefined, { signal })
    const current = await memory(child, signal)
    if (Math.abs(current.rss - previous.rss) < previous.rss * 0.005) return current
    previous = current
  }
}

function memory(child, signal) {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    child.once('message', resolve)
    child.send('memory')
  })
}

function show(sessions, before, after) {
  const perSession = figure => format((after[figure] - before[figure]) / sessions / 1000, 1)
  const mega = bytes => format(bytes / 1e6)
  console.log(`\n${format(sessions)} idle WebSockets, each with an open session`)
  printHead(['', 'RSS MB', 'heap MB', 'once p50 ms', 'p99 ms', 'requests/s over 32 connections'])
  for (const [name, { rss, heapUsed, one, many }] of Object.entries({ 'no session': before, open: after })) {
    console.log(row([name, mega(rss), mega(heapUsed), format(one.p50, 2), format(one.p99, 2), format(many.rps)]))
  }
  console.log(`\nPer session: ${perSession('rss')} KB of RSS, ${perSession('heapUsed')} KB of them V8's heap`)
}
