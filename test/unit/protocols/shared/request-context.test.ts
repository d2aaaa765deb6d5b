import { Socket } from 'node:net'
import type { FastifyReply } from 'fastify'
import { expect, it, vi } from 'vitest'
import { requestContext } from '../../../../src/protocols/shared/request-context.js'

function replyOn(socket: Socket): FastifyReply {
  return { request: { id: 'sid', raw: { socket, headers: {} } } } as unknown as FastifyReply
}

it('cancels all requests of a connection that closes, however many were sent ahead, without a warning', async () => {
  const warn = vi.fn()
  process.on('warning', warn)
  const socket = new Socket()
  const cancelled = vi.fn()
  for (let request = 0; request < 32; request += 1) {
    requestContext(replyOn(socket), 'ase').signal.addEventListener('abort', () => cancelled())
  }
  socket.destroy()
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalledTimes(32))
  process.off('warning', warn)
  expect(warn).not.toHaveBeenCalled()
})
