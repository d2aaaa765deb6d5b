import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { SCENARIO_WRAPPER, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'

let daemon: ServingDaemon
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await daemon.process.stop()
})

/** More than a daemon may have open that has been told to do with these. */
const CONNECTIONS = 150
const OPEN_FILES = 80

const hasPrlimit = spawnSync('prlimit', ['--version']).status === 0

describe.skipIf(!hasPrlimit)('a daemon whose clients take all the files that it may have open', () => {
  it('lives on, starts no plugin meanwhile, and serves when they have gone', async () => {
    daemon = await startServing({ cwd: SCENARIO_WRAPPER })
    const { pid } = await daemon.process.line(({ msg }) => msg.startsWith('starting the plugin'))
    execFileSync('prlimit', ['--pid', String(daemon.process.child.pid), `--nofile=${OPEN_FILES}:${OPEN_FILES}`])
    const { port, hostname } = new URL(daemon.http)
    for (let count = 0; count < CONNECTIONS; count += 1)
      sockets.push(connect(Number(port), hostname).on('error', () => {}))
    await once(sockets.at(-1) as Socket, 'connect')
    process.kill(Number(pid), 'SIGKILL')
    await daemon.process.line(({ msg }) => msg.includes('EMFILE'))
    for (const socket of sockets.splice(0)) socket.destroy()
    await vi.waitFor(async () => expect((await fetch(`${daemon.http}/readyz`)).status).toBe(200), { timeout: 20_000 })
    expect(daemon.process.child.exitCode).toBe(null)
  })
})
