import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DaemonProcess, pythonOf, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

const TOKEN = 'a-token-of-the-test'

const wrapper = (name: string) => join(ROOT, 'test/helpers/wrappers', name)

let daemon: DaemonProcess
let addresses: { readonly http: string; readonly grpc: string }

beforeAll(async () => {
  daemon = startDaemonProcess({
    cwd: ROOT,
    config: {
      admin: { enabled: true, token: TOKEN },
      'models.sums': { dir: wrapper('sums') },
      'models.echo': { dir: wrapper('tensor-echo') },
      'models.echo-next': { name: 'echo', version: 2, dir: wrapper('tensor-echo') },
      'models.spare': { dir: wrapper('tensor-echo') },
      'models.mnist': { dir: join(ROOT, 'examples/mnist') },
    },
  })
  addresses = await daemon.ready
})
afterAll(() => daemon?.stop())

describe('tritonclient as it is published', () => {
  it.each(['HttpTest', 'GrpcTest'])('does all that it can with this daemon: %s', name => {
    const { http, grpc } = addresses
    const { status, stderr } = spawnSync(
      pythonOf('clients'),
      [join(ROOT, 'test/helpers/oip_client.py'), new URL(http).host, grpc, TOKEN, name],
      { encoding: 'utf8', env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' } },
    )
    expect(status, stderr).toBe(0)
    expect(stderr).toMatch(/^Ran \d\d tests/m)
  })
})
