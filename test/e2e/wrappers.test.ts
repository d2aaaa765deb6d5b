import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { LoaderInput } from '../../src/gen/gateway/protocol/LoaderInput.js'
import { callXsf, postAse, textRequest } from '../helpers/clients.js'
import {
  type DaemonOptions,
  type DaemonProcess,
  type PythonName,
  pythonOf,
  ROOT,
  startDaemonProcess,
  wrapperFolder,
} from '../helpers/daemon-process.js'
import { untilReady } from '../helpers/scenario-daemon.js'
import { slotsInUse } from '../helpers/web-socket-client.js'

const picture = readFileSync(join(ROOT, 'test/conformance/golden/seven.png'))
const running: DaemonProcess[] = []

function start(options: DaemonOptions): DaemonProcess {
  const daemon = startDaemonProcess(options)
  running.push(daemon)
  return daemon
}
afterEach(async () => {
  await Promise.all(running.splice(0).map(daemon => daemon.stop()))
})

// The published packages listen on one fixed port, so these run one after the other.
it.each([
  ['written-for-0.5', 'bundled', 2],
  ['written-for-0.16', 'bundled', 2],
  ['written-for-0.5', 'pypi-0.5.0', 1],
  ['written-for-0.16', 'pypi-0.16.0', 1],
] as const)(
  'a project %s runs unchanged with the SDK %s over protocol %i',
  async (project, python: PythonName, protocol) => {
    const daemon = start({ cwd: wrapperFolder(project), python })
    const { http } = await daemon.ready
    const plugin = await daemon.line(({ msg }) => msg === 'plugin is ready')
    expect(plugin['protocol']).toBe(protocol)
    if (python !== 'bundled') {
      // The package of its own environment runs, not the daemon's.
      const { interpreter } = await daemon.line(({ msg }) => msg.startsWith('starting the plugin'))
      expect(interpreter).toContain(join(dirname(dirname(pythonOf(python))), 'lib'))
    }

    // The SDK 0.5.0 sends no data types, so only text can be asked of it.
    const copy = python === 'pypi-0.5.0' ? {} : { copy: { data_type: 'image', encoding: 'png' } }
    const request = {
      header: { appid: '1' },
      parameter: { svcName: { p1: '3', md5: { data_type: 'text' }, ...copy } },
      payload: { data: { encoding: 'png', status: 3, image: picture.toString('base64') } },
    }
    const { status, body } = await postAse(`${http}/v1/svcName`, request)
    expect([status, body.header.code, body.header.message]).toEqual([200, 0, undefined])
    expect(body.payload?.['md5']?.['text']).toBe(createHash('md5').update(picture).digest('hex'))
    expect(body.payload?.['copy']?.['image']).toBe(python === 'pypi-0.5.0' ? undefined : picture.toString('base64'))
    expect(daemon.log.some(({ msg }) => msg.includes('importing | the | wrapper'))).toBe(true)
  },
)

it.each(['bundled', 'pypi-0.5.0'] as const)("checks requests against an old project's schema (%s)", async python => {
  const { http } = await start({ cwd: wrapperFolder('written-for-0.5'), python }).ready
  const { status, body } = await postAse(`${http}/v1/svcName`, {
    parameter: { svcName: { p1: 'not among them' } },
    payload: { data: { image: picture.toString('base64') } },
  })
  expect([status, body.header.code]).toEqual([400, 10107])
  expect(body.header.message).toContain('p1')
})

it('says in its log when an SDK cannot make its own schema, as 0.16.0 with the pydantic that it pulls in', async () => {
  const daemon = start({ cwd: wrapperFolder('written-for-0.16'), python: 'pypi-0.16.0' })
  await daemon.ready
  const { level } = await daemon.line(({ msg }) => msg.startsWith('the plugin could not make its schema'))
  expect(level).toBe('warn')
})

describe('with the SDK that comes with the daemon', () => {
  let faulty: DaemonProcess
  beforeAll(() => {
    faulty = startDaemonProcess({ cwd: wrapperFolder('faulty') })
  })
  afterAll(() => faulty.stop())

  it('a wrapper may assign text and take any arguments', async () => {
    const { http } = await start({ cwd: wrapperFolder('minimal') }).ready
    const { body } = await postAse(`${http}/v1/svcName`, textRequest('世界'))
    expect(body.payload?.['result']?.['text']).toBe('你好, 世界')
  })

  it.each([
    ['raise', 500, 10910, /ValueError: the weights are not here;code=30003/],
    ['sys-exit', 500, 10910, /SystemExit/],
    ['none', 500, 10910, /;code=30003/],
    ['string', 500, 10910, /;code=30003/],
    ['empty-list', 500, 10910, /;code=30003/],
    ['unknown-key', 502, 10106, /surprise/],
    ['unknown-type', 500, 10910, /type.*9.*;code=30003/],
    ['exit', 502, 10109, /exited with code 9/],
    ['print', 200, 0, /^$/],
    ['big', 200, 0, /^$/],
  ])('a wrapper whose fault is %s is answered with HTTP %i and code %i', async (fault, status, code, message) => {
    const { http } = await faulty.ready
    await untilReady(http)
    const answer = await postAse(`${http}/v1/svcName`, textRequest('hello', { fault, result: { data_type: 'text' } }))
    expect([answer.status, answer.body.header.code]).toEqual([status, code])
    expect(answer.body.header.message ?? '').toMatch(message)
  })

  it('logs the traceback of a wrapper with the sid of the request', async () => {
    const { http } = await faulty.ready
    await untilReady(http)
    const { body } = await postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'raise' }))
    const { level } = await faulty.line(line => {
      return line['sid'] === body.header.sid && line.msg.includes('ValueError: the weights are not here')
    })
    expect(level).toBe('error')
  })

  it('is started again after a crash, and the daemon tells the truth meanwhile', async () => {
    const daemon = start({ cwd: wrapperFolder('faulty') })
    const { http } = await daemon.ready
    await postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'exit' }))
    await daemon.line(({ msg }) => msg.includes('starting it again'))
    let answer = await postAse(`${http}/v1/svcName`, textRequest('hello'))
    while (answer.body.header.code === 10115) answer = await postAse(`${http}/v1/svcName`, textRequest('hello'))
    expect(answer.body.header.code).toBe(0)
  })

  it('a wrapper that never answers is given up at the time limit', async () => {
    const config = { aiges: { onceTimeoutMs: 400 } }
    const { http } = await start({ cwd: wrapperFolder('faulty'), config }).ready
    const answer = await postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'hang' }))
    expect([answer.status, answer.body.header.code]).toEqual([504, 10102])
  })

  it('requests that no slot and no queue place can take are refused at once', async () => {
    const config = { aiges: { onceTimeoutMs: 3000 }, fc: { max: 1, queue: 0 } }
    const { http } = await start({ cwd: wrapperFolder('faulty'), config }).ready
    const hanging = postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'hang' }))
    await vi.waitFor(async () => expect(await slotsInUse(http)).toBe(1))
    const refused = await postAse(`${http}/v1/svcName`, textRequest('hello'))
    expect([refused.status, refused.body.header.code]).toEqual([503, 10110])
    expect((await hanging).body.header.code).toBe(10102)
  })
})

describe('a daemon that is told to stop', () => {
  it('lets requests in flight end, over HTTP and XsfCall, ends the wrapper in order, and exits 0', async () => {
    const daemon = start({ cwd: wrapperFolder('faulty'), config: { aiges: { concurrency: 3 } } })
    const { http, grpc } = await daemon.ready
    const slow = { fault: 'slow' }
    const param = { SeqNo: '1', waitTime: '5000' }
    const input: LoaderInput = {
      serviceId: 'svcName',
      state: 1,
      params: slow,
      pl: [{ meta: { name: 'text', dataType: 0 }, data: Buffer.from('hello') }],
    }
    const answers = [1, 2].map(() => postAse(`${http}/v1/svcName`, textRequest('hello', slow)))
    const xsf = callXsf(grpc, 'AIIn', param, input)
    const begun = () => daemon.log.filter(({ msg }) => msg === 'slow begins').length
    await vi.waitFor(() => expect(begun()).toBe(3))
    const stopping = performance.now()
    const exit = daemon.stop()
    expect((await Promise.all(answers)).map(({ body }) => body.header.code)).toEqual([0, 0])
    expect((await xsf).output.code).toBe(0)
    expect(await exit).toBe(0)
    expect(daemon.output()).toContain('wrapperFini was called')
    // Well below the drain time: nothing waits for connections that clients keep open.
    expect(performance.now() - stopping).toBeLessThan(8000)
  })

  it('ends with an error what does not end within the drain time, and still exits 0', async () => {
    const daemon = start({ cwd: wrapperFolder('faulty'), config: { aiges: { drainTimeoutMs: 300 } } })
    const { http } = await daemon.ready
    const hanging = postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'hang' }))
    await vi.waitFor(async () => expect(await slotsInUse(http)).toBe(1))
    expect(await daemon.stop()).toBe(0)
    const { status, body } = await hanging
    expect([status, body.header.code]).toEqual([503, 10115])
  })

  it('ends at once when it is told twice', async () => {
    const daemon = start({ cwd: wrapperFolder('faulty') })
    const { http } = await daemon.ready
    const hanging = postAse(`${http}/v1/svcName`, textRequest('hello', { fault: 'hang' })).catch(() => 'cut off')
    await vi.waitFor(async () => expect(await slotsInUse(http)).toBe(1))
    void daemon.stop()
    await daemon.line(({ msg }) => msg.startsWith('SIGTERM'))
    daemon.child.kill('SIGTERM')
    expect(await daemon.exited).toBe(1)
    expect(await hanging).toBe('cut off')
  })
})

describe('a daemon whose wrapper does not start', () => {
  it.each([
    ['ret', ['30002', 'no licence']],
    ['raise', ['30002', 'model.onnx']],
    ['exit', ['exited with code 4']],
  ])('exits 1 and says why (%s)', async (fault, texts) => {
    const daemon = start({ cwd: wrapperFolder('faulty'), config: { wrapper: { init_fault: fault } } })
    expect(await daemon.exited).toBe(1)
    for (const text of texts) expect(daemon.output()).toContain(text)
  })

  it('exits 1 when wrapperInit hangs', async () => {
    const config = { wrapper: { init_fault: 'hang' }, aiges: { startTimeoutMs: 2000 } }
    const daemon = start({ cwd: wrapperFolder('faulty'), config })
    expect(await daemon.exited).toBe(1)
    expect(daemon.output()).toContain('not ready within 2000 ms')
  })

  it('stops at once when it is told to while the wrapper starts', async () => {
    const daemon = start({ cwd: wrapperFolder('faulty'), config: { wrapper: { init_fault: 'hang' } } })
    await daemon.line(({ msg }) => msg.startsWith('starting the plugin'))
    expect(await daemon.stop()).toBe(0)
  })

  it('names the folder when there is no wrapper.py', async () => {
    const daemon = start({ cwd: join(ROOT, 'test/bench') })
    expect(await daemon.exited).toBe(1)
    expect(daemon.output()).toContain('30001')
    expect(daemon.output()).toMatch(/there is no wrapper\.py in .*test\/bench/)
  })

  it('names the interpreter and the pip command when grpcio is missing', async () => {
    const config = { aiges: { pythonPluginCmd: `${pythonOf('bundled')} -S -m aiges.serve` } }
    const daemon = start({ cwd: wrapperFolder('minimal'), config })
    expect(await daemon.exited).toBe(1)
    expect(daemon.output()).toMatch(
      /bin\/python.* lacks grpcio and protobuf; run: .*bin\/python.* -m pip install grpcio protobuf/,
    )
  })

  it('names an interpreter that does not exist', async () => {
    const config = { aiges: { pythonPluginCmd: '/no/such/python -m aiges.serve' } }
    const daemon = start({ cwd: wrapperFolder('minimal'), config })
    expect(await daemon.exited).toBe(1)
    expect(daemon.output()).toContain("'/no/such/python' cannot be run")
  })

  it('names the other plugin when two of the published SDK would share their port', async () => {
    const options = { cwd: wrapperFolder('written-for-0.5'), python: 'pypi-0.5.0' } as const
    const first = start(options)
    const { http } = await first.ready
    const second = start(options)
    expect(await second.exited).toBe(1)
    expect(second.output()).toMatch(/port 50055 of the plugin is also listened on by process \d+/)
    expect((await fetch(`${http}/readyz`)).status).toBe(200)
  })

  it('names the port that is in use', async () => {
    const first = start({ cwd: wrapperFolder('minimal') })
    const { http, grpc } = await first.ready
    const second = start({ cwd: wrapperFolder('minimal'), config: { wrapper: { http_listen: new URL(http).host } } })
    expect(await second.exited).toBe(1)
    expect(second.output()).toContain('is in use by another process')
    const third = start({ cwd: wrapperFolder('minimal'), config: { svcName: { port: Number(grpc.split(':')[1]) } } })
    expect(await third.exited).toBe(1)
    expect(third.output()).toContain('[svcName] port')
  })
})
