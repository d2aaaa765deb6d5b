import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { type RunDaemon, serve } from '../../../src/cli/serve.js'
import type { ConfigNotice, DaemonConfig } from '../../../src/config/daemon-config.js'
import { ServiceError } from '../../../src/core/error.js'
import { enterTemporaryFolder, recordingTerminal } from './command-run.js'

/** A daemon that records what it is started with and ends at once. */
function fakeDaemon(exitCode: number) {
  const started: { config: DaemonConfig; notices: readonly ConfigNotice[] }[] = []
  const daemon: RunDaemon = async (config, notices) => {
    started.push({ config, notices })
    return exitCode
  }
  return { started, load: async () => daemon }
}

test('without flags the daemon gets the configuration of ./aiges.toml, which is written first', async () => {
  const folder = enterTemporaryFolder()
  const terminal = recordingTerminal()
  const { started, load } = fakeDaemon(0)
  expect(await serve({}, terminal, load)).toBe(0)
  expect(terminal.stderr).toBe(`there was no aiges.toml: wrote ${folder}/aiges.toml\n`)
  expect(existsSync('aiges.toml')).toBe(true)
  expect(started).toMatchObject([
    {
      config: { service: 'svcName', file: `${folder}/aiges.toml`, models: [{ admission: { slots: 64 } }] },
      notices: [],
    },
  ])
})

test('an existing file is used as it is, with the service that -s names', async () => {
  enterTemporaryFolder()
  const text = '[ocr]\nport = 7\nfinder = 1\n'
  writeFileSync('aiges.toml', text)
  const terminal = recordingTerminal()
  const { started, load } = fakeDaemon(0)
  await serve({ mode: '0', config: './aiges.toml', service: 'ocr' }, terminal, load)
  expect(terminal.stderr).toBe('')
  expect(readFileSync('aiges.toml', 'utf8')).toBe(text)
  expect(started).toMatchObject([{ config: { service: 'ocr', grpc: { port: 7 } }, notices: [{ level: 'info' }] }])
})

test("the daemon's exit code is the command's", async () => {
  enterTemporaryFolder()
  expect(await serve({}, recordingTerminal(), fakeDaemon(1).load)).toBe(1)
})

test('the environment can make the configuration wrong', async () => {
  enterTemporaryFolder()
  const { started, load } = fakeDaemon(0)
  const attempt = serve({}, recordingTerminal({ AIGES_PLUGIN_MODE: 'go' }), load)
  await expect(attempt).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining('allowed: "c", "python" or unset'),
  })
  expect(started).toEqual([])
})

test('a fault of the daemon is not mistaken for a wrong configuration', async () => {
  enterTemporaryFolder()
  const fault = new ServiceError('internal')
  await expect(serve({}, recordingTerminal(), async () => () => Promise.reject(fault))).rejects.toBe(fault)
})
