import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { foreignListeners } from '../../../src/plugin/listener-owner.js'

const NOBODY = 1 << 22

describe.runIf(process.platform === 'linux')('foreignListeners', () => {
  it.each(['127.0.0.1', '::1'])('finds who listens on a port of %s, and nobody once it is closed', async host => {
    const server = createServer()
    await new Promise<void>(resolve => server.listen(0, host, resolve))
    const { port } = server.address() as { port: number }
    expect(foreignListeners(port, NOBODY)).toEqual([{ pid: process.pid, command: expect.stringContaining('node') }])
    await new Promise(resolve => server.close(resolve))
    expect(foreignListeners(port, NOBODY)).toEqual([])
  })
})
