import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callXsf, postAse, textRequest } from '../helpers/clients.js'
import { type DaemonProcess, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'

const NAME = `
from aiges.dto import Response, ResponseData
from aiges.sdk import StringBodyField, WrapperBase

class UserRequest:
    text = StringBodyField(key="text", value="hello")

class UserResponse:
    result = StringBodyField(key="result")

class Wrapper(WrapperBase):
    serviceId, version = "named", "1.0"
    requestCls, responseCls = UserRequest(), UserResponse()

    def wrapperInit(self, config):
        self.name = config["name"]
        return 0 if self.name != "broken" else 7

    def wrapperOnceExec(self, params, reqData):
        answer = ResponseData()
        answer.key, answer.data = "result", self.name
        response = Response()
        response.list = [answer]
        return response
`

/** A configuration with two models, one of them in two versions, and one that does not start. */
function configOf(folder: string): string {
  return `
[svcName]
host = "127.0.0.1"
port = 0
[wrapper]
http_listen = "127.0.0.1:0"
[fc]
max = 8
[log]
level = "debug"
file = ${JSON.stringify(join(folder, 'aiges.log'))}
[models.first]
aliases = ["premier"]
[models.first.wrapper]
name = "first, version 1"
[models.first-next]
name = "first"
version = 2
[models.first-next.wrapper]
name = "first, version 2"
[models.second]
dir = ${JSON.stringify(wrapperFolder('minimal'))}
[models.second.fc]
max = 3
[models.broken]
[models.broken.wrapper]
name = "broken"
`
}

describe('a daemon with several models', () => {
  const folder = mkdtempSync(join(tmpdir(), 'aiservice-models-'))
  let daemon: DaemonProcess
  let http: string
  let grpc: string

  beforeAll(async () => {
    writeFileSync(join(folder, 'wrapper.py'), NAME)
    const configFile = join(folder, 'aiges.toml')
    writeFileSync(configFile, configOf(folder))
    daemon = startDaemonProcess({ cwd: tmpdir(), configFile })
    ;({ http, grpc } = await daemon.ready)
  })
  afterAll(async () => {
    await daemon.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const textAt = async (path: string) => {
    const { body } = await postAse(`${http}${path}`, { ...textRequest('hello'), parameter: {} })
    return body.payload?.['result']?.['text']
  }

  it('answers over HTTP at the name and the alias of each', async () => {
    expect(await Promise.all(['/v1/first', '/v1/premier'].map(textAt))).toEqual([
      'first, version 2',
      'first, version 2',
    ])
    expect((await postAse(`${http}/v1/second`, { ...textRequest('hello'), parameter: {} })).status).toBe(200)
    expect((await postAse(`${http}/v1/third`, textRequest('hello'))).status).toBe(404)
  })

  it('answers over XsfCall by serviceId, and with the first model when there is none', async () => {
    const ask = async (serviceId: string) => {
      const input = { serviceId, state: 1, pl: [{ meta: { name: 'text', dataType: 0 }, data: Buffer.from('hello') }] }
      const { output } = await callXsf(grpc, 'AIIn', { SeqNo: '1', waitTime: '3000' }, input as never)
      return [output.code, output.pl[0]?.data.toString()]
    }
    expect(await Promise.all(['premier', ''].map(ask))).toEqual([
      [0, 'first, version 2'],
      [0, 'first, version 2'],
    ])
  })

  it('says on /readyz, in the log and in the metrics what does not start, and why', async () => {
    const ready = await fetch(`${http}/readyz`)
    const { models } = (await ready.json()) as { models: Record<string, object> }
    expect(ready.status).toBe(200)
    expect(models).toMatchObject({
      first: { ready: true, versions: { 1: { ready: true }, 2: { ready: true } } },
      second: { ready: true },
      broken: { ready: false, why: expect.stringContaining('wrapperInit') },
    })
    const line = await daemon.line(
      ({ level, model, msg }) => level === 'error' && model === 'broken' && msg.includes('command:'),
    )
    expect(line).toMatchObject({ version: '1' })
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).toContain('aiservice_model_loads_failed_total{model="broken",version="1"} 1')
    expect(metrics).toContain('aiservice_slots{model="second",version="1"} 3')
    expect(metrics).toMatch(/aiservice_plugin_up\{model="first",version="2",replica="0"\} 1/)
  })
})
