import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Server as SocketServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { pino } from 'pino'
import { ServiceError } from '../../../src/core/error.js'
import type { WrapperPluginHandlers } from '../../../src/gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { ProtoGrpcType } from '../../../src/gen/plugin/wrapper-v2.js'
import { ChannelV2 } from '../../../src/plugin/channel-v2.js'
import { frameHeader } from '../../../src/plugin/frame.js'
import { HandshakeError, parseHandshake } from '../../../src/plugin/handshake.js'
import { OFFERED_PROTOCOLS } from '../../../src/plugin/launch.js'
import { createReportTaker } from '../../../src/plugin/reports.js'
import { loadProto } from '../../../src/rpc/proto.js'
import { Account, type Ending } from '../account.js'
import type { ChaosRun } from '../chaos-run.js'
import { mutateBytes } from '../fuzz/mutate.js'
import type { Random } from '../random.js'

const { WrapperPlugin, PluginBatch: Batch } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2

/** A plugin whose handshake line and stream are malformed, as the daemon's plugin host takes them, in this process. */
export const malformedPlugin: ChaosRun = {
  name: 'malformed-plugin',
  async play({ random, short }) {
    return [await handshakes(random, short ? 2000 : 100_000), await streams(random, short ? 100 : 5000)]
  },
}

const LINES = [
  '1|2|unix|/tmp/a/plugin|grpc',
  '1|1|tcp|127.0.0.1:10000|grpc',
  '1|2|unix|/tmp/plugin|grpc|bm8gY2VydA|true',
]

async function handshakes(random: Random, count: number): Promise<Account> {
  const account = new Account('malformed handshake')
  for (let line = 0; line < count; line += 1) {
    await account.request(async () => {
      const text = mutateBytes(random, Buffer.from(random.pick(LINES))).toString('latin1')
      try {
        parseHandshake(text, OFFERED_PROTOCOLS)
        return { kind: 'correct' }
      } catch (error) {
        if (error instanceof HandshakeError) return { kind: 'error', reason: 'HandshakeError' }
        return { kind: 'wrong', what: `${JSON.stringify(text)}: ${error}` }
      }
    })
  }
  return account.close()
}

/** Opens one channel after the other to a plugin that answers with strange bytes and goes; every call has to end. */
async function streams(random: Random, count: number): Promise<Account> {
  const account = new Account('malformed plugin stream')
  const folder = mkdtempSync(join(tmpdir(), 'chaos-plugin-'))
  const frames = await listenForFrames(join(folder, 'run'), random)
  const server = await servePlugin(join(folder, 'plugin'), join(folder, 'run'))
  const onReport = createReportTaker(undefined, pino({ enabled: false }))
  for (let opened = 0; opened < count; opened += 1) {
    const gone = new ServiceError('plugin_crashed')
    const channel = new ChannelV2({ address: `unix:${join(folder, 'plugin')}` }, () => channel.close(gone), onReport)
    const init = { config: {}, model: 'm', concurrency: 1, maxBatch: 0, maxBatchDelayMs: 0 }
    await channel.init(init, new AbortController().signal)
    const call = { sid: 's', parameters: {}, payloads: [], deadline: performance.now() + 60_000 }
    await Promise.all([
      account.request(() => ended(() => channel.once(call).result)),
      account.request(() => ended(() => allOf(channel.stream(call).results))),
      account.request(() =>
        ended(async () => {
          const session = channel.open(call)
          await session.opened
          await allOf(session.results)
        }),
      ),
    ])
    channel.close(gone)
  }
  server.forceShutdown()
  frames.close()
  rmSync(folder, { recursive: true })
  return account.close()
}

/** A result may be any: what was changed on its way may still be a message. */
async function ended(call: () => Promise<unknown>): Promise<Ending> {
  try {
    await call()
    return { kind: 'correct' }
  } catch (error) {
    if (error instanceof ServiceError && error.reason !== 'internal') return { kind: 'error', reason: error.reason }
    return { kind: 'wrong', what: String(error) }
  }
}

async function allOf(results: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of results);
}

/** The plugin's side of the stream: says something strange when the first request has come, and ends. */
function listenForFrames(path: string, random: Random): Promise<SocketServer> {
  const server = createServer(socket => {
    let received = 0
    socket.on('error', () => {})
    socket.on('data', bytes => {
      received += bytes.length
      if (received > TOKEN_FRAME_BYTES) socket.end(strangeFrames(random))
    })
  })
  return new Promise(resolve => server.listen(path, () => resolve(server)))
}

const TOKEN = Buffer.from('token')
const TOKEN_FRAME_BYTES = 4 + TOKEN.length

function strangeFrames(random: Random): Buffer {
  const frames = Array.from({ length: 1 + random.below(4) }, () => {
    const batch = Batch.serialize(randomBatch(random) as never)
    const content = random.below(3) === 0 ? mutateBytes(random, batch) : batch
    return Buffer.concat([frameHeader(content.length), content])
  })
  const bytes = Buffer.concat(frames)
  return random.below(3) === 0 ? mutateBytes(random, bytes) : bytes
}

/** Well-formed, and mostly not what a plugin should say. */
function randomBatch(random: Random) {
  const id = () => random.below(5)
  const payload = () => ({
    key: random.pick(['result', '', '__proto__']),
    type: random.below(7),
    status: random.below(6),
    data: random.bytes(random.below(32)),
    ...(random.below(2) === 0 && { tensor: { datatype: random.pick(['FP32', '']), shape: [random.below(9) - 2] } }),
  })
  const results = Array.from({ length: random.below(4) }, () => ({
    id: id(),
    last: random.below(2) === 0,
    code: random.pick([0, 0, 0, 100, -1]),
    payloads: Array.from({ length: random.below(3) }, payload),
  }))
  const reports = [{ kind: random.pick([0, 1, 2, 9]), key: 'key', value: '1', count: -1 }]
  return { started: [id(), id()], taken: [{ id: id(), frames: 2 ** 32 - 1 }], results, reports }
}

function servePlugin(path: string, frames: string): Promise<Server> {
  const handlers: Partial<WrapperPluginHandlers> = {
    Init: (_, reply) =>
      reply(null, { code: 0, capabilities: { once: true }, stream: { address: `unix:${frames}`, token: TOKEN } }),
  }
  const server = new Server()
  server.addService(WrapperPlugin.service, handlers as WrapperPluginHandlers)
  return new Promise((resolve, reject) => {
    server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), error =>
      error ? reject(error) : resolve(server),
    )
  })
}
