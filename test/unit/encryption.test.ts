import { once } from 'node:events'
import { rmSync, writeFileSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { Agent, request } from 'node:https'
import { connect as connectTcp } from 'node:net'
import { text } from 'node:stream/consumers'
import { type ConnectionOptions, connect, type PeerCertificate } from 'node:tls'
import { credentials } from '@grpc/grpc-js'
import { pino } from 'pino'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { certificateReloader } from '../../src/daemon/certificate-reload.js'
import type { ProtoGrpcType as OipProto } from '../../src/gen/gateway/oip.js'
import { createClient } from '../../src/rpc/channel.js'
import { loadProto } from '../../src/rpc/proto.js'
import { unaryCall } from '../../src/rpc/unary.js'
import { createServerIdentity } from '../../src/tls/server-identity.js'
import { type Certificate, makeCertificate, writeCertificate } from '../helpers/certificates.js'
import { textRequest } from '../helpers/clients.js'
import { loadText, temporaryFolder } from './config/config-file.js'
import { FakeInference, modelInfo } from './protocols/shared/fake-inference.js'
import { startFrontEnds } from './running-front-ends.js'

const { GRPCInferenceService } = loadProto<OipProto>('gateway', 'oip.proto').inference

let server: Certificate
let renewed: Certificate
let authority: Certificate
let client: Certificate
let stranger: Certificate

beforeAll(async () => {
  server = await makeCertificate()
  renewed = await makeCertificate()
  authority = await makeCertificate({ name: 'authority' })
  client = await makeCertificate({ name: 'client', authority })
  stranger = await makeCertificate({ name: 'stranger' })
})

interface Options {
  readonly mutual?: boolean
  /** More of `[tls]`. */
  readonly tls?: string
}

/** Everything that listens, encrypted, over a model that answers `ok`. */
async function serve({ mutual = false, tls = '' }: Options = {}) {
  const folder = temporaryFolder()
  const paths = writeCertificate(folder, server)
  writeFileSync(`${folder}/ca.pem`, authority.cert)
  const clientCa = mutual ? `clientCa = "${folder}/ca.pem"\n` : ''
  const { config } = loadText(
    '[svcName]\nhost = "127.0.0.1"\nport = 0\nhttp_listen = "127.0.0.1:0"\n' +
      `[tls]\ncert = "${paths.cert}"\nkey = "${paths.key}"\n${clientCa}${tls}`,
  )
  if (!config.tls) throw new Error('there is no [tls]')
  const identity = createServerIdentity(config.tls)
  const lines: string[] = []
  const log = pino({ level: 'trace' }, { write: line => void lines.push(line) })
  const inference = new FakeInference([modelInfo('svcName')])
  const { http, grpc, stop } = await startFrontEnds({ config, inference, identity, log })
  return {
    http,
    grpc,
    paths,
    lines,
    stop,
    port: Number(new URL(http).port),
    reload: certificateReloader(identity, log),
  }
}

/** POSTs an ASE request. @returns status and text */
async function post(http: string, options: ConnectionOptions = {}, headers = {}) {
  return postTo(`${http}/v1/svcName`, textRequest('x'), options, headers)
}

async function postTo(url: string, content: object, options: ConnectionOptions = {}, headers = {}) {
  const body = JSON.stringify(content)
  const send = url.startsWith('https:') ? request : httpRequest
  const sent = send(url, { method: 'POST', ca: server.cert, headers, ...options } as object)
  sent.end(body)
  const [response] = await once(sent, 'response')
  return { status: response.statusCode as number, body: await text(response) }
}

async function serverLive(address: string, tls = credentials.createSsl(Buffer.from(server.cert))) {
  const options = { address, maxMessageBytes: 1 << 20, credentials: tls, serverName: 'localhost' }
  const live = createClient(GRPCInferenceService, options)
  try {
    return await unaryCall(live, live.ServerLive, {}, { deadline: performance.now() + 5000 })
  } finally {
    live.close()
  }
}

/** The certificate that a server shows a new connection. */
async function shownBy(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ALPNProtocols: ['h2', 'http/1.1'] })
  await once(socket, 'secureConnect')
  const shown = (socket.getPeerCertificate() as PeerCertificate).raw.toString('base64')
  socket.destroy()
  return shown
}

const der = ({ cert }: Certificate) => cert.replace(/-----[^-]*-----|\s/g, '')
const portOf = (address: string) => Number(address.split(':').at(-1))

describe('HTTP and gRPC over TLS', () => {
  it('answer those that know the authority', async () => {
    const { http, grpc } = await serve()
    expect(http).toMatch(/^https:/)
    expect((await post(http)).status).toBe(200)
    expect(await serverLive(grpc)).toEqual({ live: true })
  })

  it("carry MindSpore Serving's REST interface, too", async () => {
    const { http } = await serve()
    const { status, body } = await postTo(`${http}/model/svcName:predict`, { instances: [{ text: 'x' }] })
    expect([status, JSON.parse(body)]).toEqual([200, { instances: [{ result: 'ok' }] }])
  })

  it('are not answered in plain text', async () => {
    const { http, grpc, lines } = await serve()
    await expect(post(http.replace('https', 'http'))).rejects.toThrow()
    await expect(serverLive(grpc, credentials.createInsecure())).rejects.toMatchObject({ code: 14 })
    expect(lines.join()).toContain('ERR_SSL_HTTP_REQUEST')
    expect((await post(http)).status).toBe(200)
  })

  it('speak nothing older than TLS 1.2', async () => {
    const { port } = await serve()
    const old = connect({
      port,
      host: '127.0.0.1',
      rejectUnauthorized: false,
      maxVersion: 'TLSv1.1',
      minVersion: 'TLSv1',
      ciphers: 'ALL@SECLEVEL=0',
    })
    await expect(once(old, 'secureConnect')).rejects.toThrow()
  })

  it('are switched on one without the other', async () => {
    const plain = await serve({ tls: 'http = false' })
    expect((await post(plain.http)).status).toBe(200)
    expect(plain.http).toMatch(/^http:/)
    expect(await serverLive(plain.grpc)).toEqual({ live: true })
    const encrypted = await serve({ tls: 'grpc = false' })
    expect((await post(encrypted.http)).status).toBe(200)
    expect(await serverLive(encrypted.grpc, credentials.createInsecure())).toEqual({ live: true })
  })

  it('carry WebSockets, and requests that offer another upgrade', async () => {
    const { http } = await serve()
    const socket = new WebSocket(`${http.replace('https', 'wss')}/v1/svcName`, { ca: server.cert })
    await once(socket, 'open')
    const closed = once(socket, 'close')
    socket.close()
    await closed
    const upgrade = { connection: 'Upgrade, HTTP2-Settings, close', upgrade: 'h2c', 'http2-settings': 'AAMAAABk' }
    expect((await post(http, {}, upgrade)).status).toBe(200)
  })
})

describe('clients that have to show a certificate', () => {
  it('are let in with one of the authority', async () => {
    const { http, grpc } = await serve({ mutual: true })
    expect((await post(http, client)).status).toBe(200)
    const mine = [Buffer.from(server.cert), Buffer.from(client.key), Buffer.from(client.cert)] as const
    expect(await serverLive(grpc, credentials.createSsl(...mine))).toEqual({ live: true })
  })

  it('are kept out without one, and with one of another authority', async () => {
    const { http, grpc } = await serve({ mutual: true })
    await expect(post(http)).rejects.toThrow()
    await expect(post(http, stranger)).rejects.toThrow()
    await expect(serverLive(grpc)).rejects.toMatchObject({ code: 14 })
    const theirs = [Buffer.from(server.cert), Buffer.from(stranger.key), Buffer.from(stranger.cert)] as const
    await expect(serverLive(grpc, credentials.createSsl(...theirs))).rejects.toMatchObject({ code: 14 })
  })
})

describe('certificates that are replaced', () => {
  it('count for new connections, and open ones go on', async () => {
    const { http, grpc, port, paths, reload } = await serve()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    onTestFinished(() => agent.destroy())
    const before = await post(http, { agent } as ConnectionOptions)
    writeFileSync(paths.cert, renewed.cert)
    writeFileSync(paths.key, renewed.key)
    reload()
    expect(before.status).toBe(200)
    expect(await shownBy(port)).toBe(der(renewed))
    expect(await shownBy(portOf(grpc))).toBe(der(renewed))
    // The connection from before, which knows the old one alone.
    expect((await post(http, { agent } as ConnectionOptions)).status).toBe(200)
    await expect(post(http)).rejects.toThrow(/self-signed|unable to verify/)
  })

  it('change nothing while they are wrong, and the log says why', async () => {
    const { port, paths, reload, lines } = await serve()
    writeFileSync(paths.cert, renewed.cert)
    reload()
    rmSync(paths.key)
    reload()
    expect(await shownBy(port)).toBe(der(server))
    const said = lines.map(line => JSON.parse(line).msg).filter(msg => msg.includes('certificates'))
    expect(said).toEqual([
      expect.stringContaining('it is not the key of the certificate'),
      expect.stringContaining('there is no such file'),
    ])
  })
})

describe('a server that stops', () => {
  it('closes idle connections soon, and those that never agreed on the encryption', async () => {
    const { port, stop } = await serve()
    const idle = connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
    await once(idle, 'secureConnect')
    const silent = connectTcp(port, '127.0.0.1')
    await once(silent, 'connect')
    const closed = [once(idle.resume(), 'close'), once(silent.resume(), 'close')]
    await stop()
    await Promise.all(closed)
  })
})
