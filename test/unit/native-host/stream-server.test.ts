import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { startStreamServer } from '../../../src/native-host/stream-server.js'
import { frameHeader } from '../../../src/plugin/frame.js'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'stream-server-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

it('closes on who begins with what is no message, and goes on waiting for the daemon', async () => {
  const onConnect = vi.fn()
  const server = await startStreamServer(folder, { onConnect, onBatch: () => {}, onEnd: () => {} })
  const path = server.address.replace('unix:', '')

  const stranger = connect(path)
  stranger.write(Buffer.from('ffffffff', 'hex'))
  await once(stranger, 'close')
  expect(onConnect).not.toHaveBeenCalled()

  const daemon = connect(path)
  daemon.write(Buffer.concat([frameHeader(server.token.length), server.token]))
  await vi.waitFor(() => expect(onConnect).toHaveBeenCalled())
  daemon.destroy()
})
