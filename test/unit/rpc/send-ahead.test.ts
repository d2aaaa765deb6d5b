import type { ServerInterceptor } from '@grpc/grpc-js'
import { expect, it, vi } from 'vitest'
import { sendAhead } from '../../../src/rpc/send-ahead.js'

/** A call whose messages leave when the test says so. */
function setUp(responseStream: boolean) {
  const leaving: (() => void)[] = []
  const transport = {
    sendMetadata: vi.fn(),
    sendMessage: vi.fn((_message: unknown, left: () => void) => leaving.push(left)),
  } as unknown as Parameters<ServerInterceptor>[1]
  const method = { responseStream } as Parameters<ServerInterceptor>[0]
  const call = sendAhead(method, transport)
  const onAccepted = vi.fn()
  const send = (messages: number) => {
    for (let sent = 0; sent < messages; sent += 1) call.sendMessage({}, onAccepted)
  }
  return { call, transport, leaving, send, accepted: () => onAccepted.mock.calls.length }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

it('takes further messages of a stream before the first has left, but not without a bound', async () => {
  const { leaving, send, accepted } = setUp(true)
  send(16)
  await turn()
  expect([leaving.length, accepted()]).toEqual([16, 15])
  leaving.shift()?.()
  expect(accepted()).toBe(16)
})

it('changes nothing for a call with one answer', () => {
  const { call, transport } = setUp(false)
  expect(call).toBe(transport)
})
