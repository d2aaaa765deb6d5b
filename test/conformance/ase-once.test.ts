import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callXsf } from '../helpers/clients.js'
import { type DaemonProcess, ROOT, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'
import {
  bodyOf,
  expectGolden,
  expectGoldenView,
  goldenFile,
  onceExchanges,
  type PluginView,
} from '../helpers/golden.js'

interface Seen {
  readonly params: Record<string, string>
  readonly list: readonly (readonly [string, number, number, number, number])[]
}

/** Offers protocol 1 alone to the SDK that comes with the daemon, which then speaks it. */
const ONLY_PROTOCOL_1 = {
  config: { aiges: { pythonPluginCmd: 'PLUGIN_PROTOCOL_VERSIONS=1 exec python -m aiges.serve' } },
  env: { PYTHONPATH: join(ROOT, 'plugins/python') },
}

describe.each([1, 2])('over plugin protocol %i', protocol => {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-golden-'))
  const saw = join(folder, 'saw.jsonl')
  let daemon: DaemonProcess
  let http: string
  let grpc: string

  beforeAll(async () => {
    const special = protocol === 1 ? ONLY_PROTOCOL_1 : { config: {}, env: {} }
    daemon = startDaemonProcess({
      cwd: wrapperFolder('golden'),
      ...special,
      config: { ...special.config, wrapper: { saw } },
    })
    ;({ http, grpc } = await daemon.ready)
    const plugin = await daemon.line(({ msg }) => msg === 'plugin is ready')
    expect(plugin['protocol']).toBe(protocol)
  })
  afterAll(async () => {
    await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it.each(onceExchanges().map(exchange => [exchange.name, exchange] as const))(
    'answers and reaches the wrapper as recorded: %s',
    async (_, exchange) => {
      rmSync(saw, { force: true })
      const { method, path, content_type } = exchange.request
      const response = await fetch(http + path, {
        method,
        headers: { 'content-type': content_type },
        body: bodyOf(exchange),
      })
      const contentType = response.headers.get('content-type') ?? undefined
      const body = withWrapperText(await response.text(), protocol)
      expectGolden(exchange, { status: response.status, contentType, body })
      expectGoldenView(exchange, viewOf(saw))
    },
  )

  const xsf = (ctrl: string, waitTime: string) =>
    callXsf(
      grpc,
      'AIIn',
      { SeqNo: '1', waitTime, version: 'v2', baseId: '0' },
      {
        serviceId: 'svcName',
        state: 1,
        headers: { sid: 'sid-1' },
        params: { ctrl },
        expect: [{ name: 'result', attribute: { encoding: 'utf8' } }],
        pl: [{ meta: { name: 'img', dataType: 2, attribute: { status: '3' } }, data: goldenFile('seven.png') }],
      },
    )

  it('hands half a character on as U+FFFD, which any reader of protobuf takes', async () => {
    rmSync(saw, { force: true })
    const body = JSON.stringify({
      header: { app_id: 'x' },
      parameter: { svcName: { ctrl: 'half \ud83d', result: { encoding: 'utf8' } } },
      payload: { img: { status: 3, image: goldenFile('seven.png').toString('base64') } },
    })
    const response = await fetch(`${http}/v1/svcName`, { method: 'POST', body })
    expect([response.status, viewOf(saw)?.parameters['ctrl']]).toEqual([200, 'half \ufffd'])
    expect(daemon.log.filter(({ msg }) => msg === 'plugin is ready')).toHaveLength(1)
  })

  it('answers a code of the wrapper over XsfCall as recorded', async () => {
    const { code, output } = await xsf('userr', '3000')
    expect([code, output.code, withWrapperText(output.err, protocol), output.status]).toEqual([
      0,
      10910,
      'errr;code=100',
      2,
    ])
  })

  it('answers a call that takes longer than waitTime over XsfCall as recorded', async () => {
    const { code, output } = await xsf('hang', '300')
    expect([code, output.code, output.status]).toEqual([0, 10102, 2])
  })
})

/** Protocol 1 has no place for a wrapper's text, so the daemon's own stands there. */
function withWrapperText(answer: string, protocol: number): string {
  return protocol === 1 ? answer.replace('wrapper error;code=', 'errr;code=') : answer
}

function viewOf(file: string): PluginView | undefined {
  if (!existsSync(file)) return undefined
  const { params, list } = JSON.parse(readFileSync(file, 'utf8')) as Seen
  return {
    parameters: params,
    payloads: list.map(([key, length, type, status]) => ({ key, length, type, status })),
  }
}
