import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it, vi } from 'vitest'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'

let daemon: ServingDaemon
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await daemon.process.stop()
})

/** Some thirty are open while the daemon serves nobody. */
const MOST_FILES = 120

it.runIf(process.platform === 'linux')(
  'a plugin that ends while clients hold every file that the daemon may open is back when they have gone',
  async () => {
    const under = ['/bin/sh', '-c', `ulimit -n ${MOST_FILES}; exec "$@"`, 'sh']
    daemon = await startServing({ cwd: SCENARIO_WRAPPER, under })
    const { pid } = await daemon.process.line(({ msg }) => msg.startsWith('starting the plugin'))
    const { port, hostname } = new URL(daemon.http)
    for (let count = 0; count < 2 * MOST_FILES; count += 1)
      sockets.push(connect(Number(port), hostname).on('error', () => {}))
    const openFiles = () => readdirSync(`/proc/${daemon.process.child.pid}/fd`).length
    await vi.waitFor(() => expect(openFiles()).toBeGreaterThanOrEqual(MOST_FILES), { timeout: 10_000 })
    process.kill(Number(pid), 'SIGKILL')
    // What the plugin itself had open may be enough for the next one.
    const tried = () => daemon.process.log.filter(({ msg }) => /EMFILE|^plugin is ready/.test(msg)).length
    await vi.waitFor(() => expect(tried()).toBeGreaterThan(1), { timeout: 10_000 })
    for (const socket of sockets.splice(0)) socket.destroy()
    await vi.waitFor(async () => expect((await fetch(`${daemon.http}/readyz`)).status).toBe(200), { timeout: 20_000 })
    expect(daemon.process.child.exitCode).toBe(null)
  },
)
