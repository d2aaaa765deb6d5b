import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postAse, textRequest } from '../helpers/clients.js'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

const build = mkdtempSync(join(tmpdir(), 'aiges-example-'))
const cmake = (...args: string[]) => execFileSync('cmake', args, { stdio: 'pipe' })

beforeAll(() => {
  cmake('-S', join(ROOT, 'plugins/native/example'), '-B', build)
  cmake('--build', build)
})
afterAll(() => rmSync(build, { recursive: true }))

describe.each([false, true])('the example of an engine, built with its own CMake file, asyncMode = %s', asyncMode => {
  let daemon: DaemonProcess
  let url: string

  beforeAll(async () => {
    const config = { aiges: { wrapperLib: join(build, 'libwrapper.so'), asyncMode } }
    daemon = startDaemonProcess({ cwd: build, config })
    url = `${(await daemon.ready).http}/v1/svcName`
  })
  afterAll(() => daemon?.stop())

  it('answers', async () => {
    const { body } = await postAse(url, textRequest('hello'))
    expect(body.payload?.['result']?.['text']).toBe('HELLO')
  })

  it('refuses with its own code and text', async () => {
    const { body } = await postAse(url, textRequest(''))
    expect(body.header.message).toContain('the request has no data;code=1')
  })
})
