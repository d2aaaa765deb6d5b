import { tmpdir } from 'node:os'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { postAse, textRequest } from '../helpers/clients.js'
import { type DaemonProcess, startDaemonProcess } from '../helpers/daemon-process.js'
import { buildGoPlugin, GO } from '../helpers/go-plugin.js'
import { connectWebSocket, textOf, untilFree } from '../helpers/web-socket-client.js'

const BUILD_TIMEOUT_MS = 600_000

const TRANSPORTS = [
  { name: 'without TLS', tls: false },
  { name: 'over mutual TLS', tls: true },
]

describe.skipIf(GO === undefined).each(TRANSPORTS)('a Go program built with go-plugin, $name', ({ tls }) => {
  let daemon: DaemonProcess
  let http: string

  beforeAll(async () => {
    const pluginCmd = buildGoPlugin()
    const config = { aiges: { pluginCmd, pluginTls: tls }, wrapper: { greeting: 'the gopher' } }
    daemon = startDaemonProcess({ cwd: tmpdir(), config })
    ;({ http } = await daemon.ready)
  }, BUILD_TIMEOUT_MS)
  afterAll(() => daemon?.stop())

  it('encrypts what it says when that is asked for', () => {
    expect(daemon.output().includes('configuring server automatic mTLS')).toBe(tls)
  })

  it('answers a request', async () => {
    const { status, body } = await postAse(`${http}/v1/svcName`, textRequest('hello'))
    expect([status, body.header.code]).toEqual([200, 0])
    expect(body.payload?.['result']?.['text']).toBe('HELLO')
  })

  it('answers many requests at once, each with its own result', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `Request ${index}`)
    const answers = await Promise.all(texts.map(text => postAse(`${http}/v1/svcName`, textRequest(text))))
    expect(answers.map(({ body }) => body.payload?.['result']?.['text'])).toEqual(texts.map(text => text.toUpperCase()))
  })

  it('holds a session', async () => {
    const client = await connectWebSocket(http)
    client.send('first', 0)
    await client.next()
    expect(textOf(await client.next())).toBe('FIRST')
    client.send('last', 2)
    const last = await client.next()
    expect([textOf(last), last.header.status]).toEqual(['LAST', 2])
    await untilFree(http)
    await daemon.line(({ msg }) => msg.startsWith('destroyed session of ase'))
    client.socket.terminate()
  })

  it('has its output in the log from wrapperInit on, line by line', async () => {
    await daemon.line(({ msg, stream }) => msg === 'wrapperInit greets the gopher' && stream === 'stdout')
    const text = `WARN a line of ${'x'.repeat(3000)}\nand half of `
    await postAse(`${http}/v1/svcName`, textRequest('a', { print: text }))
    await postAse(`${http}/v1/svcName`, textRequest('a', { print: 'another\n' }))
    for (const stream of ['stdout', 'stderr']) {
      await daemon.line(
        line => line['stream'] === stream && line.level === 'warn' && /^WARN a .*x{3000}$/.test(line.msg),
      )
      await daemon.line(line => line['stream'] === stream && line.msg === 'and half of another')
    }
  })

  it('logs what its own logger says at the level that it says it at', async () => {
    const { level } = await daemon.line(({ msg }) => msg.includes('"@message":"plugin address"'))
    expect(level).toBe('debug')
  })

  it('is asked to shut down, and ends in order before any signal', async () => {
    expect(await daemon.stop()).toBe(0)
    expect(daemon.output()).toContain('the Go plugin ended in order')
  })
})
