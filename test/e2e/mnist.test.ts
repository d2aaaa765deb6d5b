import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callXsf, execAigesV1, inferOip, postAse } from '../helpers/clients.js'
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

/** What the example says of the seed's picture. */
const SEVEN = { result: 7, msg: '识别结果为数字: 7' }

interface Addresses {
  readonly http: string
  readonly grpc: string
}

async function post<Answer>(url: string, body: string | FormData): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body })
  return (await response.json()) as Answer
}

function askXsf(grpc: string) {
  const param = { SeqNo: '1', waitTime: '3000', version: 'v2', baseId: '0' }
  return callXsf(grpc, 'AIIn', param, {
    serviceId: 'svcName',
    state: 1,
    headers: { sid: 'sid-1', appid: 'a', uid: 'u' },
    expect: [{ name: 'result', attribute: { encoding: 'utf8' } }],
    pl: [{ meta: { name: 'img', dataType: 2, attribute: { status: '3' } }, data: golden('seven.png') }],
  })
}

/** EdgeBoard's form of a classification: one hit, which is the whole picture. */
interface Hit {
  readonly index: number
  readonly location: unknown
  readonly extended: { readonly msg: string }
}

function classOf({ index, location, extended }: Hit) {
  expect(location).toEqual({ left: 0, top: 0, width: 225, height: 224 })
  return { result: index, msg: extended.msg }
}

/** How a client of each protocol asks about the seed's picture; each resolves with what it reads out of the answer. */
const PROTOCOLS: Readonly<Record<string, (addresses: Addresses) => Promise<unknown>>> = {
  async ASE({ http }) {
    const { body } = await postAse(`${http}/v1/svcName`, seedRequest)
    return JSON.parse(body.payload?.['result']?.['text'] ?? '')
  },
  async XsfCall({ grpc }) {
    const { output } = await askXsf(grpc)
    return JSON.parse(String(output.pl[0]?.data))
  },
  async 'aiges.v1'({ grpc }) {
    const data = [{ data_id: 'img', status: 'ONCE', data: golden('seven.png') }] as const
    const output = await execAigesV1(grpc, { model: 'svcName', accepts: [{ data_id: 'result' }], data: [...data] })
    return JSON.parse(String(output.data[0]?.data))
  },
  async 'MindSpore Serving'({ http }) {
    const img = { b64: golden('seven.png').toString('base64') }
    const body = JSON.stringify({ instances: [{ img }] })
    const answer = await post<{ instances: { result: string }[] }>(`${http}/model/svcName:predict`, body)
    return JSON.parse(answer.instances[0]?.result ?? '')
  },
  async EdgeBoard({ http }) {
    const body = JSON.stringify({ image: golden('seven.png').toString('base64') })
    const answer = await post<{ data: { result: [Hit] } }>(`${http}/api/model/service/base64?mid=0`, body)
    return classOf(answer.data.result[0])
  },
  async 'EdgeBoard for several models'({ http }) {
    const form = new FormData()
    form.set('file', new Blob([golden('seven.png')]), 'seven.png')
    form.set('mids', '[0]')
    const answer = await post<{ data: [{ result: [Hit] }] }>(`${http}/api/model/service/multipart`, form)
    return classOf(answer.data[0].result[0])
  },
  async 'Open Inference Protocol, REST'({ http }) {
    const parameters = { content_type: 'base64' }
    const data = [golden('seven.png').toString('base64')]
    const body = JSON.stringify({ inputs: [{ name: 'img', datatype: 'BYTES', shape: [1], parameters, data }] })
    const answer = await post<{ outputs: { data: string[] }[] }>(`${http}/v2/models/svcName/infer`, body)
    return JSON.parse(answer.outputs[0]?.data[0] ?? '')
  },
  async 'Open Inference Protocol, gRPC'({ grpc }) {
    const contents = { bytes_contents: [golden('seven.png')] }
    const inputs = [{ name: 'img', datatype: 'BYTES', shape: [1], contents }]
    const { outputs } = await inferOip(grpc, { model_name: 'svcName', inputs })
    return JSON.parse(String(outputs[0]?.contents?.bytes_contents[0]))
  },
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

  it('reads the same seven over every protocol', async () => {
    const answers = Object.entries(PROTOCOLS).map(async ([name, ask]) => [name, await ask({ http, grpc })])
    expect(Object.fromEntries(await Promise.all(answers))).toEqual(
      Object.fromEntries(Object.keys(PROTOCOLS).map(name => [name, SEVEN])),
    )
  })

  it('numbers its answers over XsfCall, and echoes the handle', async () => {
    const { code, s, output } = await askXsf(grpc)
    expect([code, s?.h, output.status, output.code]).toEqual([0, 'handle-1', 3, 0])
    const meta = { name: 'result', attribute: { encoding: 'utf8', seq: '0', status: '3' } }
    expect(output.pl).toMatchObject([{ meta }])
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
