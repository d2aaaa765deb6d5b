import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { listeningServer } from './ase-client.js'
import { served } from './web-socket-fixture.js'

describe('a WebSocket is refused before it is accepted', () => {
  it.each([
    ['/nowhere', 404, 10404],
    ['/v1/nobody', 404, 10404],
    ['/test.json', 405, 10011],
    ['/%zz', 404, 10404],
  ])('at %s with %d', async (path, http, code) => {
    const { port } = await listeningServer(served())
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    let text = ''
    for await (const data of socket) text += data
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${http} `))
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n'))).header.code).toBe(code)
  })
})

it('what its client says of urgency counts for the opening, and is refused before that when it cannot be read', async () => {
  const inference = served()
  const { port } = await listeningServer(inference)
  const client = new WebSocket(`ws://127.0.0.1:${port}/v1/svcName`, {
    headers: { 'x-priority': '9', 'x-request-timeout-ms': '5000' },
  })
  await once(client, 'open')
  client.send(JSON.stringify({ header: { status: 0 } }))
  await once(client, 'message')
  const [session] = inference.sessions
  expect(session?.ctx.priority).toBe(9)
  expect(Math.abs(Number(session?.ctx.deadline) - performance.now() - 5000)).toBeLessThan(5000)
  client.terminate()
  const refused = new WebSocket(`ws://127.0.0.1:${port}/v1/svcName`, { headers: { 'x-priority': 'high' } })
  const [error] = await once(refused, 'error').catch(thrown => [thrown])
  expect(String(error)).toContain('400')
})

it('a handshake without its key is refused with 400, and the server can close', async () => {
  const { port } = await listeningServer(served())
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /v1/svcName HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  let text = ''
  for await (const data of socket) text += data
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
})
