import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, onTestFinished, test } from 'vitest'
import { enterTemporaryFolder, run } from './command-run.js'

/** A daemon's HTTP side that answers everything with one body and records what it gets. */
async function answeringServer(body: unknown, status = 200) {
  const seen: { method: string | undefined; path: string | undefined; body: unknown }[] = []
  const server = createServer(async (request, response) => {
    seen.push({ method: request.method, path: request.url, body: JSON.parse(await text(request)) })
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const success = (payload: object | null) => ({ header: { code: 0, sid: 'sid-1', status: 3 }, payload })
const base64 = (value: string | Buffer) => Buffer.from(value).toString('base64')

test('sends files, texts, parameters and accepts as an ASE once request and prints the texts', async () => {
  enterTemporaryFolder()
  const picture = Buffer.from('\x89PNG\r\n\x1a\nrest', 'latin1')
  writeFileSync('seven.png', picture)
  const { url, seen } = await answeringServer(success({ result: { encoding: 'utf8', text: '识别结果: 7' } }))
  const args = ['call', 'img=@seven.png', 'note=a=b', 'at=@@me', '-u', url, '-s', 'svc 1', '--accept', 'result']
  const params = ['--param', 'n=5', '--param', 'ok=true', '--param', 'id=007', '--param', 'text="1"']
  expect(await run(...args, ...params)).toEqual({ code: 0, stdout: 'result: 识别结果: 7\n', stderr: '' })
  expect(seen).toEqual([
    {
      method: 'POST',
      path: '/v1/svc%201',
      body: {
        header: { status: 3 },
        parameter: { 'svc 1': { n: 5, ok: true, id: '007', text: '1', result: {} } },
        payload: {
          img: { encoding: 'png', status: 3, image: base64(picture) },
          note: { encoding: 'utf8', status: 3, text: base64('a=b') },
          at: { encoding: 'utf8', status: 3, text: base64('@me') },
        },
      },
    },
  ])
})

test('shows why a body was refused that the daemon did not read to its end', async () => {
  let cutOff = () => {}
  const server = createServer(({ socket }, response) => {
    cutOff = () => void socket.resetAndDestroy()
    response.writeHead(413, { connection: 'close' }).end('{"header":{"code":10107,"message":"too large"}}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  enterTemporaryFolder()
  writeFileSync('large.bin', Buffer.alloc(30_000_000))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const { code, stderr } = await run('call', 'data=@large.bin', '-u', url)
  expect([code, stderr]).toEqual([1, expect.stringContaining('error 10107: too large')])
  // What was not sent yet fails now; nobody catches that but who sent it.
  cutOff()
  await new Promise(resolve => server.close(resolve))
})

test('the address needs no scheme, and may have a path', async () => {
  const { url, seen } = await answeringServer(success({}))
  const answer = await run('call', 'a=b', '-u', `${url.replace('http://', '')}/base/`)
  expect(answer).toEqual({ code: 0, stdout: '(the answer holds no output)\n', stderr: '' })
  expect(seen[0]?.path).toBe('/base/v1/svcName')
})

test.each([
  ['/ase/v3', '/ase/v3/svcName'],
  ['/', '/svcName'],
])('services may be below another base path: %s', async (basePath, path) => {
  const { url, seen } = await answeringServer(success({}))
  await run('call', 'a=b', '-u', url, '--base-path', basePath)
  expect(seen[0]?.path).toBe(path)
})

test('binary outputs are shown by size, and written with -o under a name that stays in the folder', async () => {
  enterTemporaryFolder()
  const payload = {
    '../pic': { encoding: 'png', image: base64('12345') },
    raw: { other: base64('ab') },
    empty: { seq: '0' },
  }
  const { url } = await answeringServer(success(payload))
  expect((await run('call', '-u', url)).stdout).toBe(
    '../pic: image, png, 5 bytes (-o DIR writes it to a file)\nraw: other, 2 bytes (-o DIR writes it to a file)\nempty: (no data)\n',
  )
  const { stdout } = await run('call', '-u', url, '-o', 'out')
  expect(stdout).toContain('../pic: image, png, 5 bytes, written to out/__pic.png\n')
  expect(readFileSync('out/__pic.png', 'utf8')).toBe('12345')
  expect(readFileSync('out/raw', 'utf8')).toBe('ab')
})

test('--json prints the answer as it came', async () => {
  const body = success({ result: { text: 'x' } })
  const { url } = await answeringServer(body)
  expect(await run('call', '-u', url, '--json')).toEqual({ code: 0, stdout: `${JSON.stringify(body)}\n`, stderr: '' })
})

test('--timeout is told to the daemon, and ends the wait for one that answers nothing', async () => {
  const timeouts: unknown[] = []
  const server = createServer(request => void timeouts.push(request.headers['x-request-timeout-ms']))
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  expect(await run('call', 'a=b', '-u', url, '--timeout', '30')).toEqual({
    code: 1,
    stdout: '',
    stderr: `aiservice: no answer from ${url} in time (--timeout)\n`,
  })
  expect(timeouts).toEqual(['30'])
})

test.each(['0', '1.5', '9999999999', 'soon', ''])('--timeout %j is wrong usage, and nothing is sent', async timeout => {
  const { url, seen } = await answeringServer(success({}))
  const { code, stderr } = await run('call', 'a=b', '-u', url, '--timeout', timeout)
  expect([code, stderr]).toEqual([2, `aiservice: --timeout: found "${timeout}", allowed: 1 to 2147483147\n`])
  expect(seen).toEqual([])
})

test('an error of the service is exit code 1 with code, message and sid', async () => {
  const body = { header: { code: 10107, message: 'payload.img: required', sid: 'sid-2', status: 3 }, payload: null }
  const { url } = await answeringServer(body, 400)
  expect(await run('call', '-u', url)).toEqual({
    code: 1,
    stdout: '',
    stderr: 'aiservice: error 10107: payload.img: required (sid sid-2)\n',
  })
})

test.each(['<html>no</html>', '[]', '{"header":{"code":"0"}}'])(
  'an answer that is not ASE JSON is exit code 1: %s',
  async body => {
    const { url } = await answeringServer(body, 502)
    const { code, stderr } = await run('call', '-u', url)
    expect(code).toBe(1)
    expect(stderr).toBe(`aiservice: ${url}/v1/svcName answered HTTP 502, and not with ASE JSON: ${body}\n`)
  },
)

test('where no daemon runs, that is said, and how to start one', async () => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  await new Promise(resolve => server.close(resolve))
  const { code, stderr } = await run('call', 'a=b', '-u', url, '-s', 'ocr')
  expect(code).toBe(1)
  expect(stderr).toContain(`no daemon runs at ${url} (connection refused)`)
  expect(stderr).toContain('aiservice -m 0 -c aiges.toml -s ocr')
})

test.each([
  [['a'], 'input: found "a", allowed: name=value'],
  [['=x'], 'input: found "=x", allowed: name=value'],
  [['a=b', '--param', 'x'], '--param: found "x", allowed: name=value'],
  [['a=@absent.png'], 'cannot read absent.png: there is no such file'],
  [['a=b', '-u', 'http://['], '-u: found "http://[", allowed: a URL such as http://127.0.0.1:1888'],
])('%j is exit code 2', async (args, message) => {
  enterTemporaryFolder()
  expect(await run('call', ...args)).toEqual({ code: 2, stdout: '', stderr: `aiservice: ${message}\n` })
})
