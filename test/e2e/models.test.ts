import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { callXsf, postAse, textRequest } from '../helpers/clients.js'
import { type DaemonProcess, startDaemonProcess, wrapperFolder } from '../helpers/daemon-process.js'
import { named, namedModels } from '../helpers/named-models.js'

const CONFIG = [
  '[fc]\nmax = 8\n',
  named('first', 'first, version 1', 'aliases = ["premier"]'),
  named('first-next', 'first, version 2', 'name = "first"\nversion = 2'),
  `[models.second]\ndir = ${JSON.stringify(wrapperFolder('minimal'))}\n[models.second.fc]\nmax = 3\n`,
  named('broken', 'broken'),
].join('')

describe('a daemon with several models', () => {
  const models = namedModels()
  let daemon: DaemonProcess
  let http: string
  let grpc: string

  beforeAll(async () => {
    models.write(CONFIG)
    daemon = startDaemonProcess({ cwd: tmpdir(), configFile: models.configFile })
    ;({ http, grpc } = await daemon.ready)
  })
  afterAll(async () => {
    await daemon.stop()
    models.remove()
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
    const answer = (await ready.json()) as { models: Record<string, object> }
    expect(ready.status).toBe(200)
    expect(answer.models).toMatchObject({
      first: { ready: true, versions: { 1: { ready: true }, 2: { ready: true } } },
      second: { ready: true },
      broken: { ready: false, why: expect.stringContaining('wrapperInit') },
    })
    const line = await daemon.line(({ level, model, msg }) => {
      return level === 'error' && model === 'broken' && msg.includes('command:')
    })
    expect(line).toMatchObject({ version: '1' })
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).toContain('aiservice_model_loads_failed_total{model="broken",version="1"} 1')
    expect(metrics).toContain('aiservice_slots{model="second",version="1"} 3')
    expect(metrics).toMatch(/aiservice_plugin_up\{model="first",version="2",replica="0"\} 1/)
  })
})

describe('a daemon none of whose models starts', () => {
  it('ends with 1 and says why', async () => {
    const models = namedModels()
    onTestFinished(models.remove)
    models.write(named('broken', 'broken') + named('broken-too', 'broken'))
    const daemon = startDaemonProcess({ cwd: tmpdir(), configFile: models.configFile })
    expect(await daemon.exited).toBe(1)
    const failures = daemon.log.filter(({ msg }) => msg.includes('working directory:'))
    // The one that counts as the reason for the end, and the other one, which may have been tried again meanwhile.
    expect(failures.filter(({ level }) => level === 'fatal')).toHaveLength(1)
    expect(new Set(failures.map(({ level }) => level))).toEqual(new Set(['error', 'fatal']))
  })
})
