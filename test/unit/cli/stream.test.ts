import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { CommandError } from '../../../src/cli/exit-codes.js'
import { type StreamOptions, stream } from '../../../src/cli/stream.js'
import { enterTemporaryFolder, recordingTerminal } from './command-run.js'
import { wavFile } from './stream-wav-file.js'

interface Frame {
  readonly header: { readonly status: number }
  readonly parameter?: unknown
  readonly payload: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64')
const message = (status: number, payload?: object) =>
  JSON.stringify({ header: { code: 0, message: 'success', sid: 'sid-1', status }, payload })
const result = (status: number, text: string) =>
  message(status, { result: { encoding: 'utf8', text: base64(text), seq: '1', status } })

/** A service's WebSocket: `answer` gets each frame; what was received is recorded with its time in ms. */
async function answeringSocket(answer: (socket: WebSocket, frame: Frame, index: number) => void) {
  const seen: { readonly frame: Frame; readonly at: number }[] = []
  const paths: (string | undefined)[] = []
  const closes: number[] = []
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  server.on('connection', (socket, request) => {
    paths.push(request.url)
    socket.on('message', data => {
      const frame = JSON.parse(String(data)) as Frame
      seen.push({ frame, at: performance.now() })
      answer(socket, frame, seen.length - 1)
    })
    socket.on('close', code => closes.push(code))
  })
  onTestFinished(async () => {
    for (const client of server.clients) client.terminate()
    await new Promise(resolve => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return { url, seen, paths, closes }
}

/** Acknowledges the first frame, tells of each one how long it was, and ends with the last. */
const recogniser = (socket: WebSocket, frame: Frame, index: number) => {
  if (index === 0) socket.send(message(0))
  const length = Buffer.from(String(frame.payload['audio']?.['audio']), 'base64').length
  const isLast = frame.header.status === 2
  socket.send(result(isLast ? 2 : 1, isLast ? '完' : `${length} bytes`))
}

/** Runs the command; an error counts as what the command line makes of it. */
async function run(input: string, options: StreamOptions, terminal = recordingTerminal()) {
  const code = await stream(input, options, terminal).catch((error: unknown) => {
    if (!(error instanceof CommandError)) throw error
    terminal.err(error.message)
    return error.exitCode
  })
  return { code, stdout: terminal.stdout, stderr: terminal.stderr }
}

const samples = (bytes: number) => Buffer.from(Array.from({ length: bytes }, (_, index) => index % 251))
const withoutTimes = (text: string) => text.replace(/^ *\d+\.\d\d s {2}/gm, '')

test('sends a WAV file in frames of 40 ms and prints partial results and the final one', async () => {
  enterTemporaryFolder()
  const pcm = samples(3000)
  writeFileSync('speech.wav', wavFile({ sampleRate: 16_000, samples: pcm }))
  const { url, seen, paths, closes } = await answeringSocket(recogniser)
  const options = { url, service: 'svc 1', param: ['n=5', 'id="7"'], accept: ['result'] }
  const { code, stdout, stderr } = await run('audio=@speech.wav', options)
  expect({ code, stderr, stdout: withoutTimes(stdout) }).toEqual({
    code: 0,
    stderr: '',
    stdout: 'partial  result: 1280 bytes\npartial  result: 1280 bytes\nfinal    result: 完\n',
  })
  expect(paths).toEqual(['/v1/svc%201'])
  const attributes = { encoding: 'raw', sample_rate: 16_000, channels: 1, bit_depth: 16 }
  const audio = (status: number, from: number, to: number) => ({
    audio: { ...attributes, status, audio: base64(pcm.subarray(from, to)) },
  })
  expect(seen.map(({ frame }) => frame)).toEqual([
    {
      header: { status: 0 },
      parameter: { 'svc 1': { n: 5, id: '7', result: {} } },
      payload: audio(0, 0, 1280),
    },
    { header: { status: 1 }, payload: audio(1, 1280, 2560) },
    { header: { status: 2 }, payload: audio(2, 2560, 3000) },
  ])
  expect(closes).toEqual([1000])
})

test('a recording that fits a frame is sent as a first frame that is the last one', async () => {
  enterTemporaryFolder()
  writeFileSync('short.pcm', samples(100))
  const { url, seen } = await answeringSocket(recogniser)
  expect(await run('audio=@short.pcm', { url })).toMatchObject({ code: 0, stderr: '' })
  expect(seen.map(({ frame }) => [frame.header.status, frame.parameter])).toEqual([[2, { svcName: {} }]])
})

test('--timeout is told to the daemon, and ends the wait for one that does not consent', async () => {
  enterTemporaryFolder()
  writeFileSync('short.pcm', samples(100))
  const timeouts: unknown[] = []
  const server = createServer().on('upgrade', request => void timeouts.push(request.headers['x-request-timeout-ms']))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await run('audio=@short.pcm', { url: host, timeout: '30' })).toMatchObject({
    code: 1,
    stderr: `no answer from ${host}: Error: Opening handshake has timed out`,
  })
  expect(timeouts).toEqual(['30'])
})

test('--realtime sends each frame when it would have been recorded', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(16_000))
  const { url, seen } = await answeringSocket(recogniser)
  const begin = performance.now()
  const { code } = await run('audio=@speech.pcm', { url, realtime: true, frameMs: '50' })
  expect(code).toBe(0)
  expect(seen).toHaveLength(10)
  // Timers may fire up to a millisecond early.
  for (const [index, { at }] of seen.entries()) expect(at - begin).toBeGreaterThan((index + 1) * 50 - 2)
})

test('a partial result is printed while frames are still being sent', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(3200))
  const terminal = recordingTerminal()
  const print = terminal.out.bind(terminal)
  const printed = new Promise<void>(resolve => {
    terminal.out = text => {
      print(text)
      resolve()
    }
  })
  const { url, seen } = await answeringSocket(async (socket, frame, index) => {
    if (frame.header.status !== 2) {
      socket.send(result(1, `frame ${index}`))
      return
    }
    await printed
    socket.send(result(2, 'all'))
  })
  await run('audio=@speech.pcm', { url, realtime: true }, terminal)
  expect(seen).toHaveLength(3)
  expect(withoutTimes(terminal.stdout)).toBe(
    'partial  result: frame 0\npartial  result: frame 1\nfinal    result: all\n',
  )
})

test('inlined JSON, other data and outputs without data are shown as such', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(10))
  const payload = { words: { text: ['a'] }, voice: { audio: base64('12345') }, empty: { seq: '1' } }
  const { url } = await answeringSocket(socket => socket.send(message(2, payload)))
  expect(withoutTimes((await run('audio=@speech.pcm', { url })).stdout)).toBe(
    'final    words: ["a"]\nfinal    voice: audio, 5 bytes\nfinal    empty: (no data)\n',
  )
})

test('a session without any output says so', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(10))
  const { url } = await answeringSocket(socket => {
    socket.send(message(1))
    socket.send(message(2))
  })
  const { code, stdout } = await run('audio=@speech.pcm', { url })
  expect([code, withoutTimes(stdout)]).toEqual([0, 'final    (the result holds no output)\n'])
})

test('--json prints every message as it came', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(10))
  const { url } = await answeringSocket(recogniser)
  const { stdout } = await run('audio=@speech.pcm', { url, json: true })
  expect(stdout).toBe(`${message(0)}\n${result(2, '完')}\n`)
})

test('a last result before the last frame ends the sending', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(320_000))
  const { url, seen } = await answeringSocket(socket => socket.send(result(2, 'enough')))
  const { code, stdout } = await run('audio=@speech.pcm', { url, realtime: true })
  expect([code, withoutTimes(stdout)]).toEqual([0, 'final    result: enough\n'])
  expect(seen.length).toBeLessThan(5)
})

test('an error of the service is exit code 1 with code, message and sid, and ends the sending', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(320_000))
  const error = JSON.stringify({ header: { code: 10110, message: 'no slot', sid: 'sid-2', status: 0 } })
  const { url, seen } = await answeringSocket((socket, _, index) => {
    if (index === 1) socket.send(error, () => socket.close(1000, 'no slot'))
  })
  expect(await run('audio=@speech.pcm', { url, realtime: true })).toEqual({
    code: 1,
    stdout: '',
    stderr: 'error 10110: no slot (sid sid-2)',
  })
  expect(seen.length).toBeLessThan(5)
})

test('a connection that ends before the last result is exit code 1 with code and reason', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(3200))
  const closing = await answeringSocket(socket => socket.close(1001, 'going away'))
  expect(await run('audio=@speech.pcm', { url: closing.url })).toMatchObject({
    code: 1,
    stderr: 'the service closed the connection before the last result (code 1001: going away)',
  })
  const breaking = await answeringSocket(socket => socket.terminate())
  const { code, stderr } = await run('audio=@speech.pcm', { url: breaking.url })
  expect([code, stderr]).toEqual([1, 'the service closed the connection before the last result (code 1006)'])
})

test('a message that is not ASE is exit code 1', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(3200))
  const { url } = await answeringSocket(socket => socket.send('hello'))
  expect(await run('audio=@speech.pcm', { url })).toMatchObject({
    code: 1,
    stderr: 'the service sent something else than ASE: hello',
  })
})

test.each([
  [
    JSON.stringify({ header: { code: 10404, message: 'no such service', sid: '', status: 3 }, payload: null }),
    (_: string) => 'error 10404: no such service',
  ],
  ['<html>', (url: string) => `${url.replace('http', 'ws')}/v1/svcName answered HTTP 404, and with no WebSocket`],
])('a server that refuses the WebSocket with %s is exit code 1', async (body, expected) => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(3200))
  const server = createServer((_, response) => response.writeHead(404).end(body))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    await new Promise(resolve => server.close(resolve))
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await run('audio=@speech.pcm', { url })).toEqual({
    code: 1,
    stdout: '',
    stderr: expected(url),
  })
})

test('where no daemon runs, that is said, and how to start one', async () => {
  enterTemporaryFolder()
  writeFileSync('speech.pcm', samples(3200))
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise(resolve => server.close(resolve))
  const { code, stderr } = await run('audio=@speech.pcm', { url, service: 'asr' })
  expect(code).toBe(1)
  expect(stderr).toContain(`no daemon runs at ${url.replace('http://', '')} (connection refused)`)
  expect(stderr).toContain('aiservice -m 0 -c aiges.toml -s asr')
})

test.each<[string, StreamOptions, string]>([
  ['audio', {}, 'input: found "audio", allowed: name=value'],
  ['audio=hello', {}, 'input: found "audio=hello", allowed: key=@file'],
  ['audio=@@hello', {}, 'input: found "audio=@@hello", allowed: key=@file'],
  ['audio=@absent.wav', {}, 'cannot read absent.wav: there is no such file'],
  ['audio=@some.pcm', { frameMs: '0' }, '--frame-ms: found "0", allowed: 1 to 10000'],
  ['audio=@some.pcm', { frameMs: 'x' }, '--frame-ms: found "x", allowed: 1 to 10000'],
  ['audio=@some.pcm', { param: ['x'] }, '--param: found "x", allowed: name=value'],
  ['audio=@some.pcm', { url: 'http://[' }, '-u: found "http://[", allowed: a URL such as http://127.0.0.1:1888'],
  [
    'audio=@some.txt',
    {},
    'some.txt cannot be streamed; allowed: a WAV file with PCM, or samples in a .pcm or .raw file',
  ],
])('stream %s with %j is exit code 2', async (input, options, expected) => {
  enterTemporaryFolder()
  for (const name of ['some.pcm', 'some.txt']) writeFileSync(name, samples(10))
  expect(await run(input, options)).toEqual({ code: 2, stdout: '', stderr: expected })
})
