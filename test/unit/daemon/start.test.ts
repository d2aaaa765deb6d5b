import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { afterAll, expect, it } from 'vitest'
import { loadConfig } from '../../../src/config/load-config.js'
import { startDaemon } from '../../../src/daemon.js'

const folder = mkdtempSync(join(tmpdir(), 'start-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it('does not listen when it is told to stop before its plugins have begun to start', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const file = join(folder, 'aiges.toml')
  const { port } = taken.address() as AddressInfo
  writeFileSync(file, `[svcName]\nport = 0\n[aiges]\n[wrapper]\nhttp_listen = "127.0.0.1:${port}"\n`)
  const { config } = loadConfig({ file, service: 'svcName', env: {} })
  const told = new Error('SIGTERM')
  const signals = { stop: AbortSignal.abort(told), onReload: () => {} }
  await expect(startDaemon(config, pino({ enabled: false }), signals)).rejects.toBe(told)
  taken.close()
})
