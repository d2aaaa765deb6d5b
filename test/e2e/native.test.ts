import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { type AseAnswer, callXsf, postAse } from '../helpers/clients.js'
import { type DaemonOptions, type DaemonProcess, startDaemonProcess } from '../helpers/daemon-process.js'
import { nativeEngine } from '../helpers/native-engine.js'
import { connectWebSocket, textOf as frameText, slotsInUse, untilFree } from '../helpers/web-socket-client.js'

const cwd = mkdtempSync(join(tmpdir(), 'native-e2e-'))
const running: DaemonProcess[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map(daemon => daemon.stop()))
})
afterAll(() => rmSync(cwd, { recursive: true }))

function start(aiges: NonNullable<DaemonOptions['config']>[string] = {}) {
  const daemon = startDaemonProcess({ cwd, config: { aiges: { wrapperLib: nativeEngine(), ...aiges } } })
  running.push(daemon)
  return daemon
}

function requestOf(parameters: Record<string, string>, header: Record<string, unknown> = {}) {
  const text = Buffer.from('hello').toString('base64')
  return { header, parameter: { svcName: parameters }, payload: { text: { encoding: 'utf8', status: 3, text } } }
}

/** What the test reads of an OpenAPI document. */
interface OpenApiOperation {
  readonly requestBody: {
    readonly content: Readonly<Record<string, { schema: { properties: object }; example: object }>>
  }
}

const textOf = ({ body }: AseAnswer, key = 'text') => body.payload?.[key]?.['text']

it('AIGES_PLUGIN_MODE=c serves libwrapper.so of LD_LIBRARY_PATH without any configuration', async () => {
  const folder = join(nativeEngine(), '..')
  const daemon = startDaemonProcess({ cwd, env: { AIGES_PLUGIN_MODE: 'c', LD_LIBRARY_PATH: folder } })
  running.push(daemon)
  const { http } = await daemon.ready
  expect(textOf(await postAse(`${http}/v1/svcName`, requestOf({})))).toBe('hello')
})

it('a library that is not there ends the daemon with where it was looked for', async () => {
  const daemon = start({ wrapperLib: 'libnowhere.so' })
  expect(await daemon.exited).toBe(1)
  const { msg } = await daemon.line(({ level }) => level === 'fatal')
  expect(msg).toContain(`libnowhere.so is in none of`)
  expect(msg).toContain(cwd)
  expect(msg).not.toContain('wrapper.py')
})

describe('an engine without a schema', () => {
  it('is described with an example that works as it stands', async () => {
    const { http } = await start().ready
    const response = await fetch(`${http}/openapi.json`)
    const { paths } = (await response.json()) as { paths: Record<string, { post: OpenApiOperation }> }
    const { schema, example } = paths['/v1/svcName']?.post.requestBody.content['application/json'] ?? {}
    expect(Object.keys(schema?.properties ?? {})).toEqual(['header', 'parameter', 'payload'])
    const answer = await postAse(`${http}/v1/svcName`, example)
    expect([answer.status, textOf(answer, 'data')]).toEqual([200, 'hello'])
  })
})

it('a crash of the engine fails exactly the requests in flight, and the host is started again', async () => {
  const { http } = await start().ready
  const post = (parameters: Record<string, string>) => postAse(`${http}/v1/svcName`, requestOf(parameters))
  const before = await Promise.all(Array.from({ length: 20 }, () => post({})))
  expect(before.map(({ body }) => body.header.code)).toEqual(before.map(() => 0))

  const others = Array.from({ length: 63 }, () => post({ sleep: '20000' }))
  await expect.poll(() => slotsInUse(http)).toBe(others.length)
  const crash = post({ do: 'segfault', sleep: '500' })
  const codes = (await Promise.all([...others, crash])).map(({ body }) => body.header.code)
  expect(codes).toEqual(codes.map(() => 10109))

  await expect.poll(async () => (await fetch(`${http}/readyz`)).status, { timeout: 20_000 }).toBe(200)
  const after = await Promise.all(Array.from({ length: 64 }, () => post({})))
  expect(after.map(({ body }) => body.header.code)).toEqual(after.map(() => 0))
})

it('a resource is loaded and unloaded over XsfCall, and named by a request in header.res_id', async () => {
  const { http, grpc } = await start({ replicas: 2 }).ready
  const words = { meta: { name: 'words', dataType: 4 as const }, data: Buffer.from('abc') }
  const { output } = await callXsf(grpc, 'AILoad', {}, { serviceId: 'svcName', pl: [words] })
  const id = output.pl[0]?.meta?.attribute['res_id'] as string
  expect(id).toBe('1')

  const ask = () => postAse(`${http}/v1/svcName`, requestOf({ do: 'resources', sleep: '20' }, { res_id: id }))
  const answers = await Promise.all(Array.from({ length: 8 }, ask))
  expect(answers.map(answer => textOf(answer, 'result'))).toEqual(answers.map(() => 'words/4/2:abc;'))

  expect((await callXsf(grpc, 'AIUnLoad', { res_id: id })).output.code).toBe(0)
  expect((await ask()).body.header.code).toBe(10404)
})

it.each([
  ['reads', { asyncMode: false }],
  ['calls back', { asyncMode: true }],
])('a session goes from frames to results through an engine that %s', async (_, aiges) => {
  const { grpc } = await start(aiges).ready
  const texts = ['one', 'two', 'three']
  for (const [index, text] of texts.entries()) {
    const attribute = { status: String(index === 0 ? 0 : index + 1 < texts.length ? 1 : 2) }
    const pl = [{ meta: { name: 'text', dataType: 0 as const, attribute }, data: Buffer.from(text) }]
    const input = { serviceId: 'svcName', state: 0 as const, sync_id: index, pl }
    expect((await callXsf(grpc, 'AIIn', { SeqNo: `${index + 1}`, waitTime: '5000' }, input)).output.code).toBe(0)
  }
  const seen: unknown[] = []
  for (let status = 0; status !== 2; ) {
    const { output } = await callXsf(grpc, 'AIOut', { waitTime: '5000' })
    expect(output.code).toBe(0)
    seen.push(...output.pl.map(({ data }) => data.toString()))
    status = output.status
  }
  expect(seen).toEqual(texts)
})

it.each([
  ['read', { asyncMode: false }],
  ['called back with', { asyncMode: true }],
])('over WebSocket results that are %s come while frames are still being sent', async (_, aiges) => {
  const { http } = await start(aiges).ready
  const { socket, next } = await connectWebSocket(http)
  const send = (text: string, status: number) => {
    const payload = { result: { encoding: 'utf8', status, text: Buffer.from(text).toString('base64') } }
    socket.send(JSON.stringify({ header: { status }, parameter: { svcName: {} }, payload }))
  }
  send('one', 0)
  expect((await next()).header).toMatchObject({ code: 0, status: 0 })
  expect(frameText(await next())).toBe('one')
  send('two', 1)
  expect(frameText(await next())).toBe('two')
  send('three', 2)
  const last = await next()
  expect([frameText(last), last.header]).toMatchObject(['three', { code: 0, status: 2 }])
  await untilFree(http)
  socket.terminate()
})

it('the engine ends in order when the daemon stops', async () => {
  const daemon = start()
  const { http } = await daemon.ready
  await postAse(`${http}/v1/svcName`, requestOf({}))
  expect(await daemon.stop()).toBe(0)
  expect(daemon.output()).toContain('the engine ends: 1 execs, 1 frees, 0 creates, 0 destroys')
})
