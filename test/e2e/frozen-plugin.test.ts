import { afterEach, expect, it } from 'vitest'
import { callXsf } from '../helpers/clients.js'
import type { DaemonOptions } from '../helpers/daemon-process.js'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'
import { connectWebSocket, slotsInUse, textOf, untilFree, type WebSocketClient } from '../helpers/web-socket-client.js'

const PLUGIN_CRASHED = 10109
const SESSIONS = 8
/** Descriptors that come and go with the daemon's own work: its log, the connection that asks for the metrics. */
const SPARE_DESCRIPTORS = 5

const running: ServingDaemon[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(daemon => daemon.process.stop()))
})

async function start(config: NonNullable<DaemonOptions['config']> = {}): Promise<ServingDaemon> {
  const daemon = await startServing({ cwd: SCENARIO_WRAPPER, config })
  running.push(daemon)
  return daemon
}

const pluginsOf = ({ process: { log } }: ServingDaemon) => log.filter(({ msg }) => msg === 'plugin is ready')

async function openSession({ http }: ServingDaemon): Promise<WebSocketClient> {
  const client = await connectWebSocket(http)
  client.send('first', 0)
  expect((await client.next()).header).toMatchObject({ code: 0, status: 0 })
  expect(textOf(await client.next())).toBe('FIRST')
  return client
}

async function openDescriptors({ http }: ServingDaemon): Promise<number> {
  const metrics = await (await fetch(`${http}/metrics`)).text()
  return Number(/^process_open_fds (\d+)$/m.exec(metrics)?.[1])
}

/** The first frame of a session over XsfCall; the handle is always the same. */
async function openOverXsf({ grpc }: ServingDaemon): Promise<number> {
  const meta = { name: 'txt', attribute: { status: '0' } }
  const input = { serviceId: 'svcName', state: 0 as const, sync_id: 0, pl: [{ meta, data: Buffer.from('first') }] }
  const { output } = await callXsf(grpc, 'AIIn', { SeqNo: '1', waitTime: '5000' }, input)
  return output.code
}

it('a plugin that was stopped ends its open sessions with an error of the catalogue, and nothing of them is left', async () => {
  const daemon = await start()
  const warm = await openSession(daemon)
  warm.socket.terminate()
  await untilFree(daemon.http)
  const before = await openDescriptors(daemon)

  const clients = await Promise.all(Array.from({ length: SESSIONS }, () => openSession(daemon)))
  expect(await openOverXsf(daemon)).toBe(0)
  expect(await slotsInUse(daemon.http)).toBe(SESSIONS + 1)
  const [frozen] = pluginsOf(daemon)
  process.kill(Number(frozen?.['pid']), 'SIGSTOP')
  for (const client of clients) expect((await client.next()).header.code).toBe(PLUGIN_CRASHED)
  await daemon.process.line(({ msg, pid }) => msg === 'plugin is ready' && pid !== frozen?.['pid'])

  const poll = async () => (await callXsf(daemon.grpc, 'AIOut', { SeqNo: '2', waitTime: '5000' })).output.code
  // What it gave before comes first.
  expect([await poll(), await poll()]).toEqual([0, PLUGIN_CRASHED])
  await untilFree(daemon.http)
  expect(await openOverXsf(daemon)).toBe(0)
  expect(await slotsInUse(daemon.http)).toBe(1)
  await callXsf(daemon.grpc, 'AIExcp', {})
  await untilFree(daemon.http)
  await expect.poll(() => openDescriptors(daemon), { timeout: 10_000 }).toBeLessThanOrEqual(before + SPARE_DESCRIPTORS)
})

it('a plugin with an open session that gets no input is left alone, while one that was stopped is replaced', async () => {
  const daemon = await start({ aiges: { replicas: 2, wrapperDelayDetectPeriod: 1 } })
  await daemon.process.line(() => pluginsOf(daemon).length === 2)
  const client = await openSession(daemon)
  const created = await daemon.process.line(({ msg }) => msg.startsWith('created '))
  const other = pluginsOf(daemon).find(({ replica }) => replica !== created['replica'])
  process.kill(Number(other?.['pid']), 'SIGSTOP')
  // That takes five times as long as the plugin may be silent.
  await daemon.process.line(() => pluginsOf(daemon).length === 3)
  expect(pluginsOf(daemon).at(-1)).toMatchObject({ replica: other?.['replica'] })
  client.send('second', 1)
  expect(textOf(await client.next())).toBe('SECOND')
  client.socket.terminate()
})
