import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
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

it('a handshake without its key is refused with 400, and the server can close', async () => {
  const { port } = await listeningServer(served())
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /v1/svcName HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')
  let text = ''
  for await (const data of socket) text += data
  expect(text).toMatch(/^HTTP\/1\.1 400 /)
})
