import type { AddressInfo } from 'node:net'
import { connect } from 'node:net'
import { pino } from 'pino'
import { expect, it, onTestFinished } from 'vitest'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import { webSockets } from '../../../../src/protocols/shared/web-sockets.js'

/** Sends what a client sends that offers HTTP/2 with its first request, in pieces, and reads to the end. */
async function exchange(...pieces: (string | Buffer)[]): Promise<string> {
  const server = createHttpServer({ bodyLimitBytes: 1 << 24, corsOrigins: [], log: pino({ level: 'silent' }) })
  await server.register(webSockets, { maxFrameBytes: 1000, pingIntervalMs: 30_000 })
  server.post('/echo', request => {
    const { headers, body } = request
    return { bytes: (body as Buffer).length, upgrade: headers.upgrade ?? null, kept: headers['x-kept'] }
  })
  onTestFinished(() => server.close())
  await server.listen({ host: '127.0.0.1', port: 0 })
  const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
  for (const piece of pieces) await new Promise(resolve => socket.write(piece, resolve))
  let text = ''
  for await (const data of socket) text += data
  return text
}

const head = (bytes: number, connection: string) =>
  `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: ${connection}\r\nX-Kept: yes\r\nContent-Length: ${bytes}\r\n` +
  'Upgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA\r\n\r\n'

it.each([2, 5_000_000])('takes a request with %d bytes that offers HTTP/2 as if it had not', async bytes => {
  const request = head(bytes, 'Upgrade, HTTP2-Settings, close')
  const answer = await exchange(request, Buffer.alloc(bytes))
  expect(answer).toMatch(/^HTTP\/1\.1 200 /)
  expect(answer).toContain(`{"bytes":${bytes},"upgrade":null,"kept":"yes"}`)
})

it('takes further requests on the same connection', async () => {
  const first = head(3, 'Upgrade, HTTP2-Settings')
  const second = 'POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n'
  const answer = await exchange(`${first}abc`, `${second}ab`)
  expect(answer.match(/"bytes":\d+/g)).toEqual(['"bytes":3', '"bytes":2'])
})
