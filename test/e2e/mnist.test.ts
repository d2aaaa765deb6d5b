import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callXsf, execAigesV1, postAse } from '../helpers/clients.js'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

const golden = (name: string) => readFileSync(join(ROOT, 'test/conformance/golden', name))
const seedRequest = JSON.parse(golden('seed-request.json').toString())
const seedResponse = JSON.parse(golden('seed-response.json').toString())

const inPython = () => startDaemonProcess({ cwd: join(ROOT, 'examples/mnist') })

/** Builds the engine as its README says. */
const inCpp = () => {
  const cwd = join(ROOT, 'examples/mnist-native')
  execFileSync('cmake', ['--workflow', '--preset', 'release'], { cwd, stdio: 'pipe' })
  const aiges = { wrapperLib: './wrapper/libwrapper.so', concurrency: 4 }
  return startDaemonProcess({ cwd, config: { aiges }, env: { AIGES_PLUGIN_MODE: 'c' } })
}

describe.each([
  { language: 'Python', start: inPython },
  { language: 'C++', start: inCpp },
])('the MNIST example in $language', ({ start }) => {
  let daemon: DaemonProcess
  let http: string
  let grpc: string

  beforeAll(async () => {
    daemon = start()
    ;({ http, grpc } = await daemon.ready)
  })
  afterAll(() => daemon?.stop())

  it('answers the seed request as the seed document prints it', async () => {
    const { status, body } = await postAse(`${http}/v1/svcName`, seedRequest)
    expect(status).toBe(200)
    expect(body.header).toEqual({ ...seedResponse.header, sid: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    const { text, ...attributes } = body.payload?.['result'] ?? {}
    const { text: expected, ...expectedAttributes } = seedResponse.payload.result
    expect(attributes).toEqual(expectedAttributes)
    expect(JSON.parse(text ?? '')).toEqual(JSON.parse(expected))
  })

  it("answers on its schema's route, too", async () => {
    const { body } = await postAse(`${http}/v1/private/mnist`, seedRequest)
    expect(body.header.code).toBe(0)
  })

  it('answers the same picture over XsfCall', async () => {
    const param = { SeqNo: '1', waitTime: '3000', version: 'v2', baseId: '0' }
    const { code, s, output } = await callXsf(grpc, 'AIIn', param, {
      serviceId: 'svcName',
      state: 1,
      headers: { sid: 'sid-1', appid: 'a', uid: 'u' },
      expect: [{ name: 'result', attribute: { encoding: 'utf8' } }],
      pl: [{ meta: { name: 'img', dataType: 2, attribute: { status: '3' } }, data: golden('seven.png') }],
    })
    expect([code, s?.h, output.status, output.code]).toEqual([0, 'handle-1', 3, 0])
    const [result] = output.pl
    expect(result?.meta).toMatchObject({ name: 'result', attribute: { encoding: 'utf8', seq: '0', status: '3' } })
    expect(JSON.parse(result?.data.toString() ?? '')).toEqual({ result: 7, msg: '识别结果为数字: 7' })
  })

  it('answers the same picture over aiges.v1', async () => {
    const data = [{ data_id: 'img', status: 'ONCE', data: golden('seven.png') }] as const
    const output = await execAigesV1(grpc, { model: 'svcName', accepts: [{ data_id: 'result' }], data: [...data] })
    expect(output.data.map(({ data_id, data }) => [data_id, JSON.parse(data.toString())])).toEqual([
      ['result', { result: 7, msg: '识别结果为数字: 7' }],
    ])
  })

  it('answers the same picture over the Open Inference Protocol', async () => {
    const parameters = { content_type: 'base64' }
    const data = [golden('seven.png').toString('base64')]
    const response = await fetch(`${http}/v2/models/svcName/infer`, {
      method: 'POST',
      body: JSON.stringify({ inputs: [{ name: 'img', datatype: 'BYTES', shape: [1], parameters, data }] }),
    })
    const { outputs } = (await response.json()) as { outputs: { name: string; data: string[] }[] }
    expect(outputs.map(({ name, data: [text = ''] }) => [name, JSON.parse(text)])).toEqual([
      ['result', { result: 7, msg: '识别结果为数字: 7' }],
    ])
  })

  it('answers the same picture over MindSpore Serving REST', async () => {
    const img = { b64: golden('seven.png').toString('base64') }
    const body = JSON.stringify({ instances: [{ img }] })
    const response = await fetch(`${http}/model/svcName:predict`, { method: 'POST', body })
    const { instances } = (await response.json()) as { instances: { result: string }[] }
    expect(instances.map(({ result }) => JSON.parse(result))).toEqual([{ result: 7, msg: '识别结果为数字: 7' }])
  })

  it('answers the same picture as a server-sent event', async () => {
    const response = await fetch(`${http}/v1/svcName`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify(seedRequest),
    })
    const [event = ''] = (await response.text()).split('\n').filter(line => line.startsWith('data: '))
    const { header, payload } = JSON.parse(event.slice('data: '.length))
    expect(header).toMatchObject({ code: 0, status: 2 })
    expect(JSON.parse(payload.result.text)).toEqual({ result: 7, msg: '识别结果为数字: 7' })
  })

  it('offers an example request in its OpenAPI document that works as it stands', async () => {
    const document = (await (await fetch(`${http}/openapi.json`)).json()) as {
      paths: Record<string, { post: { requestBody: { content: Record<string, { example: unknown }> } } }>
    }
    const example = document.paths['/v1/svcName']?.post.requestBody.content['application/json']?.example
    const { body } = await postAse(`${http}/v1/svcName`, example)
    expect(body.header.code).toBe(0)
    expect(body.payload?.['result']?.['text']).toContain('"result": 7')
  })

  it('says that it lives and is ready, and counts its requests', async () => {
    expect((await fetch(`${http}/livez`)).status).toBe(200)
    const ready = await fetch(`${http}/readyz`)
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { ready: true, models: { svcName: { ready: true } } },
    ])
    const metrics = await (await fetch(`${http}/metrics`)).text()
    expect(metrics).toMatch(/aiservice_requests_total\{[^}]*model="svcName"[^}]*\} [1-9]/)
    expect(metrics).toMatch(/aiservice_plugin_up\{[^}]*model="svcName"[^}]*\} 1/)
  })

  it('refuses what is no picture with the code and the text of its wrapper', async () => {
    const request = structuredClone(seedRequest)
    request.payload.img.image = Buffer.from('not a picture').toString('base64')
    const { body } = await postAse(`${http}/v1/svcName`, request)
    expect(body.header.code).toBe(10910)
    expect(body.header.message).toMatch(/;code=\d+$/)
  })
})
