import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import type { DaemonConfig } from '../../../src/config/daemon-config.js'
import { loadConfig } from '../../../src/config/load-config.js'
import { configReloader, isOutdated, onFileChange } from '../../../src/daemon/config-reload.js'
import { temporaryFolder } from '../config/config-file.js'
import { deferred } from '../rpc/deferred.js'

/** A reloader of a file that a test writes, with what it logged and applied. */
function reloader(text: string, apply: (config: DaemonConfig) => Promise<void> = async () => {}) {
  const file = join(temporaryFolder(), 'aiges.toml')
  const write = (changed: string) => writeFileSync(file, changed)
  write(text)
  const read = () => loadConfig({ file, service: 'svcName', env: {} })
  const log: string[] = []
  const applied: string[][] = []
  const reload = configReloader({
    config: read().config,
    read,
    apply: async config => {
      applied.push(config.models.map(({ name }) => name))
      await apply(config)
    },
    log: pino({ base: null, timestamp: false }, { write: line => void log.push(line) }),
  })
  return { write, reload, log, applied }
}

test('a file that is in order is applied', async () => {
  const { write, reload, applied } = reloader('[svcName]')
  write('[svcName]\n[models.a]\n[models.b]')
  await reload()
  expect(applied).toEqual([['a', 'b']])
})

test('a file that is wrong changes nothing, and the log says what is wrong', async () => {
  const { write, reload, log, applied } = reloader('[svcName]')
  write('[svcName]\n[fc]\nmax = 0')
  await reload()
  expect(applied).toEqual([])
  expect(log.join()).toContain('[fc] max: found 0')
})

test('what counts from the next start on is said', async () => {
  const { write, reload, log } = reloader('[svcName]\nport = 1\n[fc]\nmax = 2')
  write('[svcName]\nport = 2\n[fc]\nmax = 3\n[log]\nlevel = "debug"')
  await reload()
  const warnings = log
    .filter(line => line.includes('"level":40'))
    .map(line => (JSON.parse(line) as { msg: string }).msg)
  expect(warnings).toEqual([
    'host, port and [http] grpcIdleTimeoutMs of the gRPC server: the change counts from the next start on',
    '[log]: the change counts from the next start on',
  ])
})

test('one comes after the other, and one that fails does not stop the next', async () => {
  const first = deferred()
  const calls: string[] = []
  const { reload } = reloader('[svcName]', async () => {
    calls.push('begun')
    if (calls.length > 1) return
    await first.promise
    throw new Error('bug')
  })
  const both = Promise.all([reload(), reload()])
  await vi.waitFor(() => expect(calls).toEqual(['begun']))
  first.resolve()
  await both
  expect(calls).toEqual(['begun', 'begun'])
})

test('a file that is written or replaced is noticed, one that is gone is not', async () => {
  const file = join(temporaryFolder(), 'aiges.toml')
  writeFileSync(file, 'a')
  let changes = 0
  const stop = onFileChange(
    file,
    () => {
      changes += 1
    },
    10,
  )
  onTestFinished(stop)
  writeFileSync(file, 'longer')
  await vi.waitFor(() => expect(changes).toBe(1))
  rmSync(file)
  writeFileSync(`${file}.new`, 'c')
  renameSync(`${file}.new`, file)
  await vi.waitFor(() => expect(changes).toBe(2))
})

test('what a file says otherwise than when it was read is noticed, and so is that it is wrong now', () => {
  const file = join(temporaryFolder(), 'aiges.toml')
  const read = () => loadConfig({ file, service: 'svcName', env: {} })
  writeFileSync(file, '[svcName]')
  const { config } = read()
  const outdated = (text: string) => {
    writeFileSync(file, text)
    return isOutdated({ config, read })
  }
  expect(['[svcName]', '# The same.\n[svcName]', '[svcName]\n[models.a]', '[svcName'].map(outdated)).toEqual([
    false,
    false,
    true,
    true,
  ])
})
