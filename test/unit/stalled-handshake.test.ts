import { once } from 'node:events'
import { connect } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, it, vi } from 'vitest'
import { createServerIdentity } from '../../src/tls/server-identity.js'
import { makeCertificate, writeCertificate } from '../helpers/certificates.js'
import { loadText, temporaryFolder } from './config/config-file.js'
import { FakeInference, modelInfo } from './protocols/shared/fake-inference.js'
import { startFrontEnds } from './running-front-ends.js'

vi.mock('../../src/tls/identity.js', async original => ({
  ...(await original<object>()),
  TLS_HANDSHAKE_TIMEOUT_MS: 200,
}))

/** The first bytes of a ClientHello that says it is longer. */
const BEGUN = Buffer.from('1603010200010001fc0303', 'hex')

it.each([
  ['says nothing', Buffer.alloc(0)],
  ['begins the handshake and does not end it', BEGUN],
])('a client that %s is cut off over HTTP and gRPC, and others get their turn meanwhile', async (_what, bytes) => {
  const folder = temporaryFolder()
  const { cert, key } = writeCertificate(folder, await makeCertificate())
  const { config } = loadText(
    '[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"\n' +
      `[tls]\ncert = "${cert}"\nkey = "${key}"`,
  )
  if (!config.tls) throw new Error('there is no [tls]')
  const identity = createServerIdentity(config.tls)
  const inference = new FakeInference([modelInfo('svcName')])
  const { http, grpc } = await startFrontEnds({ config, inference, identity })
  for (const address of [http, grpc]) {
    const port = Number(address.split(':').at(-1))
    const stalled = connect(port, '127.0.0.1')
    stalled.resume().on('error', () => {})
    stalled.write(bytes)
    const closed = new Promise<void>(resolve => stalled.once('close', resolve))
    const other = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] })
    await once(other, 'secureConnect')
    expect(stalled.closed).toBe(false)
    other.destroy()
    await closed
  }
})
