import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callXsf, postAse } from '../helpers/clients.js'
import { type DaemonProcess, pythonOf, ROOT, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'
import { goldenFile } from '../helpers/golden.js'

/** A configuration with all the sections and keys of an AIGES deployment; only addresses and paths are this test's. */
function deployedConfig(folder: string): string {
  const changes: [RegExp, string][] = [
    [/^port = 5091/m, 'port = 0'],
    [/^http_listen = .*$/gm, 'http_listen = "127.0.0.1:0"'],
    [/^pythonPluginCmd = .*$/m, `pythonPluginCmd = "${pythonOf('pypi-0.16.0')} -m aiges.serve"`],
    [/^file = "\.\/log.*$/m, `file = "${join(folder, 'log', 'aiges.log')}"`],
    [/^level = .*$/m, 'level = "debug"'],
  ]
  let text = readFileSync(join(ROOT, 'test/unit/config/deployed-aiges.toml'), 'utf8')
  for (const [pattern, replacement] of changes) {
    expect(text).toMatch(pattern)
    text = text.replace(pattern, replacement)
  }
  return text
}

describe('an existing deployment: its configuration, a wrapper with the published SDK, an XsfCall client', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-deployed-'))
  let daemon: DaemonProcess
  let http: string
  let grpc: string

  beforeAll(async () => {
    mkdirSync(join(folder, 'log'))
    const configFile = join(folder, 'aiges.toml')
    writeFileSync(configFile, deployedConfig(folder))
    daemon = startDaemonProcess({ cwd: wrapperFolder('written-for-0.16'), configFile })
    ;({ http, grpc } = await daemon.ready)
  })
  afterAll(async () => {
    await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('starts without a warning about its configuration', () => {
    const aboutConfig = daemon.log.filter(({ msg }) => msg.includes('aiges.toml'))
    expect(aboutConfig.filter(({ level }) => level !== 'info')).toEqual([])
  })

  it('answers an XsfCall client', async () => {
    const { code, output } = await callXsf(
      grpc,
      'AIIn',
      { SeqNo: '1', waitTime: '3000', version: 'v2', baseId: '0' },
      {
        serviceId: 'svcName',
        state: 1,
        headers: { sid: 'sid-1', appid: 'a' },
        expect: [{ name: 'md5', attribute: { encoding: 'utf8' } }],
        pl: [{ meta: { name: 'data', dataType: 2, attribute: { status: '3' } }, data: goldenFile('seven.png') }],
      },
    )
    expect([code, output.code, output.status]).toEqual([0, 0, 3])
    expect(output.pl[0]?.data.toString()).toMatch(/^[0-9a-f]{32}$/)
  })

  it('answers an ASE client', async () => {
    const { body } = await postAse(`${http}/v1/svcName`, {
      header: { appid: '123456' },
      parameter: { svcName: { md5: { data_type: 'text' } } },
      payload: { data: { image: goldenFile('seven.png').toString('base64') } },
    })
    expect(body.header.code).toBe(0)
  })

  it('is told by name when a request is larger than the published SDK accepts', async () => {
    const { status, body } = await postAse(`${http}/v1/svcName`, {
      payload: { data: { image: Buffer.alloc(5 << 20).toString('base64') } },
    })
    expect([status, body.header.code]).toEqual([413, 10010])
    expect(body.header.message).toContain('4 MiB')
  })
})
