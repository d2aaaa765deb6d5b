/** The program that serves a native wrapper, `libwrapper.so`, to the daemon, which starts it. See `plugin/native-launch.ts`. */
import { parseArgs } from 'node:util'
import { Server, status } from '@grpc/grpc-js'
import type { WrapperPluginHandlers } from '../gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { HealthHandlers } from '../gen/plugin/grpc/health/v1/Health.js'
import type { ProtoGrpcType as HealthProto } from '../gen/plugin/health.js'
import type { ProtoGrpcType } from '../gen/plugin/wrapper-v2.js'
import { loadProto } from '../rpc/proto.js'
import { configureCalls, DEFAULT_LIBRARY } from './library.js'
import { listenForCalls } from './listen.js'
import { Plugin } from './plugin.js'
import { endProcess, endWhenEngineExits, printByLine } from './process-end.js'

const PROTOCOL = 2

const { values } = parseArgs({
  options: {
    library: { type: 'string', default: DEFAULT_LIBRARY },
    async: { type: 'boolean', default: false },
    'real-time': { type: 'boolean', default: false },
    schema: { type: 'string' },
  },
})

if (process.env['BASIC_PLUGIN'] !== 'hello') {
  console.error('This program is a plugin: it serves a native wrapper to aiservice, which starts it.')
  process.exit(1)
}

const socketFolder = process.env['PLUGIN_UNIX_SOCKET_DIR']
const plugin = new Plugin({
  library: values.library,
  asyncMode: values.async,
  realTime: values['real-time'],
  schema: values.schema,
  socketFolder,
  onOrphaned: () => endProcess(0),
})

const handlers: WrapperPluginHandlers = {
  Init: (call, reply) => void plugin.init(call.request).then(answer => reply(null, answer)),
  Run: stream =>
    stream.destroy(Object.assign(new Error('use the socket of InitReply'), { code: status.UNIMPLEMENTED })),
  LoadResource: (call, reply) => void plugin.loadResource(call.request).then(answer => reply(null, answer)),
  UnloadResource: (call, reply) => void plugin.unloadResource(call.request.id).then(answer => reply(null, answer)),
  Shutdown: (call, reply) =>
    void plugin.shutdown(call.request.grace_ms).then(() => {
      reply(null, {})
      // The reply leaves first.
      server.tryShutdown(() => endProcess(0))
    }),
}

/** The engine works on other threads: who answers is well. */
const health: HealthHandlers = {
  Check: (_, reply) => reply(null, { status: 'SERVING' }),
  Watch: stream => void stream.write({ status: 'SERVING' }),
}

// The daemon's end closes stdin, whatever it ended of.
process.stdin.on('end', () => endProcess(0)).resume()
process.on('SIGTERM', () => endProcess(0))

configureCalls()
printByLine()
endWhenEngineExits()
const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 })
const { WrapperPlugin } = loadProto<ProtoGrpcType>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
const { Health } = loadProto<HealthProto>('plugin', 'health.proto').grpc.health.v1
server.addService(Health.service, { ...health })
server.addService(WrapperPlugin.service, { ...handlers })
console.log(`1|${PROTOCOL}|${await listenForCalls(server, socketFolder)}|grpc`)
