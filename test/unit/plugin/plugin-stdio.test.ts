import { Server, ServerCredentials, type ServerWritableStream, status } from '@grpc/grpc-js'
import type { Logger } from 'pino'
import { afterEach, expect, it, vi } from 'vitest'
import type { ProtoGrpcType } from '../../../src/gen/plugin/go-plugin.js'
import type { StdioData } from '../../../src/gen/plugin/plugin/StdioData.js'
import { followStdio } from '../../../src/plugin/plugin-stdio.js'
import { loadProto } from '../../../src/rpc/proto.js'

const { GRPCStdio } = loadProto<ProtoGrpcType>('plugin', 'go-plugin.proto').plugin

const servers: Server[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.forceShutdown()
})

type Output = ServerWritableStream<unknown, StdioData>

const fail = (output: Output, code: status) => output.emit('error', Object.assign(new Error('no'), { code }))

/** Follows a server that answers StreamStdio so. */
async function follow(answer: (output: Output) => void, ending = new AbortController().signal) {
  const server = new Server()
  servers.push(server)
  server.addService(GRPCStdio.service, { StreamStdio: answer })
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  )
  const lines: string[] = []
  const warn = vi.fn()
  const log = { warn } as unknown as Logger
  followStdio({ address: `127.0.0.1:${port}` }, (stream, line) => lines.push(`${stream}: ${line}`), ending, log)
  return { lines, warn, server }
}

it('hands on lines that come in pieces, cut within a character, too, and the last one without an end', async () => {
  const text = Buffer.from('数字\nand more')
  const { lines, warn } = await follow(output => {
    output.write({ channel: 'STDOUT', data: text.subarray(0, 4) })
    output.write({ channel: 'STDERR', data: Buffer.from('oh\n') })
    output.write({ channel: 'STDOUT', data: text.subarray(4) })
    output.end()
  })
  await vi.waitFor(() => expect(lines).toEqual(['stderr: oh', 'stdout: 数字', 'stdout: and more']))
  expect(warn).not.toHaveBeenCalled()
})

it('says nothing of a plugin that keeps its output in its pipes', async () => {
  const refuse = vi.fn((output: Output) => fail(output, status.UNIMPLEMENTED))
  const { lines, warn, server } = await follow(refuse)
  await vi.waitFor(() => expect(refuse).toHaveBeenCalled())
  // Resolves when the connection that asked for the output is closed again.
  await new Promise<void>(resolve => server.tryShutdown(() => resolve()))
  expect([lines, warn.mock.calls]).toEqual([[], []])
})

it('tells when the output ends early although the plugin lives', async () => {
  const { warn } = await follow(output => fail(output, status.INTERNAL))
  await vi.waitFor(() => expect(warn).toHaveBeenCalledOnce())
})

it('says nothing of how the output of a plugin ends that is given up', async () => {
  const ended = vi.fn((output: Output) => fail(output, status.INTERNAL))
  const { warn, server } = await follow(ended, AbortSignal.abort())
  await vi.waitFor(() => expect(ended).toHaveBeenCalled())
  await new Promise<void>(resolve => server.tryShutdown(() => resolve()))
  expect(warn).not.toHaveBeenCalled()
})
