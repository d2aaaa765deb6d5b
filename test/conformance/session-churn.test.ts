import { afterAll, beforeAll, expect, it } from 'vitest'
import { memoryOf, WITH_HEAP_PROBE } from '../helpers/daemon-memory.js'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { connectWebSocket, textOf, untilFree, type WebSocketClient } from '../helpers/web-socket-client.js'

const SESSIONS = 1000
/** Opened and dropped before, so that what is compiled and cached once is not taken for a leak. */
const WARM_UP = 400
/** How many are open at the same time. */
const AT_ONCE = 20
/** Heap that code which ran for the first time may keep; a leak of one session's state would take several times this. */
const SPARE_HEAP_BYTES = 2 << 20
/** Descriptors that come and go with the daemon's own work: its log, the connection that asks for the metrics. */
const SPARE_DESCRIPTORS = 5

let daemon: ServingDaemon
beforeAll(async () => {
  daemon = await startServing({ cwd: SCENARIO_WRAPPER, env: WITH_HEAP_PROBE })
})
afterAll(() => daemon.process.stop())

/** The ways in which a session comes to its end. */
const ENDINGS: readonly ((client: WebSocketClient) => Promise<void> | void)[] = [
  ({ socket }) => socket.close(),
  ({ socket }) => socket.terminate(),
  async ({ socket, send, next }) => {
    send('last', 2)
    expect(textOf(await next())).toBe('LAST')
    socket.terminate()
  },
]

it('has nothing left of a thousand sessions that were opened and dropped', { timeout: 40_000 }, async () => {
  await manyAtOnce(WARM_UP)
  await destroyed(WARM_UP)
  const before = await openDescriptors()
  const { live } = await memoryOf(daemon.process)
  await manyAtOnce(SESSIONS)
  await untilFree(daemon.http)
  await destroyed(WARM_UP + SESSIONS)
  expect(handles('created')).toHaveLength(WARM_UP + SESSIONS)
  // Each once, and no other.
  expect(handles('destroyed').sort()).toEqual(handles('created').sort())
  await expect.poll(openDescriptors, { timeout: 10_000 }).toBeLessThanOrEqual(before + SPARE_DESCRIPTORS)
  // A connection that was ended by its client alone lingers for some seconds.
  const growth = async () => (await memoryOf(daemon.process)).live - live
  await expect.poll(growth, { timeout: 15_000, interval: 500 }).toBeLessThan(SPARE_HEAP_BYTES)
})

async function manyAtOnce(sessions: number): Promise<void> {
  await Promise.all(Array.from({ length: AT_ONCE }, () => oneAfterTheOther(sessions / AT_ONCE)))
}

async function oneAfterTheOther(count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const client = await connectWebSocket(daemon.http)
    client.send('first', 0)
    expect((await client.next()).header).toMatchObject({ code: 0, status: 0 })
    expect(textOf(await client.next())).toBe('FIRST')
    await ENDINGS[index % ENDINGS.length]?.(client)
  }
}

/** Handles of which the wrapper said that it did this with them. */
function handles(what: 'created' | 'destroyed'): string[] {
  return daemon.process.log.filter(({ msg }) => msg.startsWith(`${what} `)).map(({ msg }) => msg.slice(what.length + 1))
}

/** Resolves when the wrapper has destroyed so many sessions. */
async function destroyed(count: number): Promise<void> {
  await daemon.process.line(() => handles('destroyed').length >= count)
}

/** Files and sockets that the daemon has open. */
async function openDescriptors(): Promise<number> {
  const metrics = await (await fetch(`${daemon.http}/metrics`)).text()
  const found = /^process_open_fds (\d+)$/m.exec(metrics)
  return found ? Number(found[1]) : expect.fail('the metrics do not say how many descriptors are open')
}
