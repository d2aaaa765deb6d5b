import { once } from 'node:events'
import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { createRpcServer } from '../../../src/rpc/server.js'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const SETTINGS = Buffer.from('000000040000000000', 'hex')
/** HEADERS whose content is no header block: an error of the whole connection. */
const BAD_HEADERS = Buffer.from('0000040105000000010a0b0c0d', 'hex')

it('lets go of a connection that broke the rules of HTTP/2', async () => {
  const server = createRpcServer({ host: '127.0.0.1', port: 0, maxMessageBytes: 1, portKey: 'port', keepaliveMs: 50 })
  const { port } = await server.start()
  const socket = connect(port, '127.0.0.1')
  socket.resume()
  socket.end(Buffer.concat([PREFACE, SETTINGS, BAD_HEADERS]))
  await once(socket, 'close')
  expect(socket.readableEnded).toBe(true)
  await server.stop(0)
})
