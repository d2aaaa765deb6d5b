/**
 * A plugin that misbehaves on request: `fault-plugin.ts MODE [--protocol 1|2] [--network unix|tcp]`. It speaks mutual TLS
 * when it is given a certificate, unless the mode says otherwise.
 * What a call does is chosen per call by its parameter `fault`; modes concern the start and the end of the process.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Server, ServerCredentials, type ServerDuplexStream, status } from '@grpc/grpc-js'
import type { HostBatch__Output as HostBatch } from '../../src/gen/plugin/aiges/plugin/v2/HostBatch.js'
import type { PluginBatch } from '../../src/gen/plugin/aiges/plugin/v2/PluginBatch.js'
import type { WrapperPluginHandlers } from '../../src/gen/plugin/aiges/plugin/v2/WrapperPlugin.js'
import type { Request__Output as Request } from '../../src/gen/plugin/aiges/Request.js'
import type { Response } from '../../src/gen/plugin/aiges/Response.js'
import type { WrapperServiceHandlers } from '../../src/gen/plugin/aiges/WrapperService.js'
import type { HealthHandlers } from '../../src/gen/plugin/grpc/health/v1/Health.js'
import type { ProtoGrpcType as HealthProto } from '../../src/gen/plugin/health.js'
import type { ProtoGrpcType as V1 } from '../../src/gen/plugin/wrapper-v1.js'
import type { ProtoGrpcType as V2 } from '../../src/gen/plugin/wrapper-v2.js'
import { loadProto } from '../../src/rpc/proto.js'

export type StartMode =
  | 'well-behaved'
  /** Prints banners first, one of them with bars in it. */
  | 'garbage-line'
  | 'silent'
  | 'exit-before-line'
  | 'wrong-core-version'
  | 'init-error'
  | 'init-hang'
  | 'exit-in-init'
  /** Works on one call at a time, in the order in which they came, and names none of them (protocol 2). */
  | 'serial'
  | 'ignore-shutdown'
  /** Drops its connections when it is told to end, works on for a while, prints that it is done, and ends. */
  | 'slow-end'
  | 'flood-stdout'
  /** Does not answer the certificate that it is given. */
  | 'plain'
  /** Demands TLS although nobody gave it a certificate. */
  | 'tls-unasked'
  | 'unreadable-certificate'
  | 'no-health'

export type CallFault =
  | 'none'
  | 'crash'
  | 'hang'
  | 'error-ret'
  /** Refuses the request by the client's fault (protocol 2). */
  | 'invalid-input'
  | 'rpc-error'
  | 'wrong-type'
  | 'no-output'
  | 'answer-twice'
  /** Answers with the process id. */
  | 'pid'
  /** Answers, and prints that it was run. */
  | 'say'
  /** Answers, but no health check any more. */
  | 'mute'
  /** Answers with the numbers of the resources that it has (protocol 2). */
  | 'resources'

type Results = ServerDuplexStream<HostBatch, PluginBatch>

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    protocol: { type: 'string', default: '2' },
    network: { type: 'string', default: 'unix' },
  },
})
const mode = positionals[0] as StartMode
const version = Number(values.protocol)

const SCHEMA = JSON.stringify({
  meta: {
    serviceId: 'fault',
    version: '1.2.3',
    route: '/v1/private/fault',
    fault: { input: { text: { dataType: 'text' } }, accept: { result: { dataType: 'text' } } },
  },
  schemainput: { type: 'object' },
  schemaoutput: { type: 'object' },
})

interface Call {
  readonly fault: CallFault
  readonly echo: { key: string; type: number; status: number; data: Buffer }
}

function callOf(params: { [name: string]: string }, data: Buffer | undefined): Call {
  const fault = (params['fault'] ?? 'none') as CallFault
  const said: { readonly [fault: string]: unknown } = { pid: process.pid, resources: [...resources] }
  const bytes = fault in said ? Buffer.from(String(said[fault])) : (data ?? Buffer.alloc(0))
  return { fault, echo: { key: 'result', type: 0, status: 3, data: bytes } }
}

function initRet(): number {
  if (mode === 'exit-in-init') {
    console.error('ERROR the licence file /nowhere/licence.dat: No such file or directory')
    process.exit(3)
  }
  return mode === 'init-error' ? 30002 : 0
}

const resources = new Set<number>()

let mute = false
const health: Partial<HealthHandlers> = {
  Check: (_, reply) => {
    if (!mute) reply(null, { status: 'SERVING' })
  },
}

const protocol1: Partial<WrapperServiceHandlers> = {
  communicate: stream => {
    results = stream
  },
  wrapperInit: (_, reply) => {
    if (mode !== 'init-hang') reply(null, { ret: initRet() })
  },
  wrapperSchema: (_, reply) => reply(null, { data: SCHEMA }),
  wrapperOnceExec: (call, reply) => {
    const { tag, params, list } = call.request
    const { fault, echo } = callOf(params, list[0]?.data)
    if (fault === 'rpc-error') return reply({ code: status.UNKNOWN, details: 'Exception calling application: boom' })
    if (fault === 'error-ret') return reply(null, { ret: 100 })
    answer1(tag, fault, echo)
    reply(null, {})
  },
}
let results: ServerDuplexStream<Request, Response> | undefined

function answer1(tag: string, fault: CallFault, echo: Call['echo']): void {
  if (fault === 'crash') process.kill(process.pid, 'SIGKILL')
  if (fault === 'mute') mute = true
  if (fault === 'hang') return
  const list = fault === 'no-output' ? [] : [{ ...echo, type: fault === 'wrong-type' ? 9 : 0 }]
  for (let times = fault === 'answer-twice' ? 2 : 1; times > 0; times -= 1) results?.write({ tag, list })
}

const protocol2: WrapperPluginHandlers = {
  Init: (_, reply) => {
    if (mode === 'init-hang') return
    const code = initRet()
    const message = code === 0 ? '' : 'wrapperInit returned 7: no licence'
    reply(null, {
      code,
      message,
      schema: SCHEMA,
      version: '1.2.3',
      sdk: 'fault',
      capabilities: { once: true, resources: true, concurrency: 1 },
      // A host that wanted TLS does not come here.
      ...(process.env['PLUGIN_CLIENT_CERT'] && {
        stream: { address: 'unix:/nobody/listens', token: Buffer.from('x') },
      }),
    })
  },
  Run: stream => {
    streams.add(stream)
    stream.on('data', (batch: HostBatch) => (mode === 'serial' ? queue2 : answer2)(stream, batch))
    stream.on('end', () => stream.end())
  },
  LoadResource: ({ request }, reply) => {
    resources.add(request.id)
    reply(null, { code: 0 })
  },
  UnloadResource: ({ request }, reply) => {
    resources.delete(request.id)
    reply(null, { code: 0 })
  },
  Shutdown: (_, reply) => {
    if (mode === 'ignore-shutdown') return
    reply(null, {})
    if (mode === 'slow-end') endSlowly()
    else setImmediate(() => process.exit(0))
  },
}

function endSlowly(): void {
  for (const stream of streams) stream.end()
  setTimeout(() => {
    console.log('ended in order')
    process.exit(0)
  }, 300)
}
const streams = new Set<Results>()

/** Calls that wait for the one before them; one that hangs is never done. */
const waiting: HostBatch['messages'] = []
let working = false

function queue2(stream: Results, batch: HostBatch): void {
  waiting.push(...batch.messages.filter(({ once }) => once))
  for (let next = working ? undefined : waiting.shift(); next; next = working ? undefined : waiting.shift()) {
    working = next.once?.params['fault'] === 'hang'
    answer2(stream, { messages: [next] })
  }
}

function answer2(stream: Results, batch: HostBatch): void {
  for (const { id, once } of batch.messages) {
    if (!once) continue
    const { fault, echo } = callOf(once.params, once.payloads[0]?.data)
    if (fault === 'crash') {
      // What was written before has left the process by then.
      stream.write({ started: [id] }, () => process.kill(process.pid, 'SIGKILL'))
      return
    }
    if (mode !== 'serial') stream.write({ started: [id] })
    if (fault === 'mute') mute = true
    if (fault === 'say') console.log('a call was run')
    if (fault === 'hang') continue
    if (fault === 'rpc-error') {
      stream.destroy(Object.assign(new Error('boom'), { code: status.UNKNOWN, details: 'boom' }))
      return
    }
    const failed = { id, last: true, code: 100, message: 'the wrapper says no' }
    const payloads = fault === 'no-output' ? [] : [{ ...echo, type: fault === 'wrong-type' ? 9 : 0 }]
    const invalid_input = fault === 'invalid-input'
    const refused = fault === 'error-ret' || invalid_input
    const result = refused ? { ...failed, invalid_input } : { id, last: true, payloads }
    for (let times = fault === 'answer-twice' ? 2 : 1; times > 0; times -= 1) stream.write({ results: [result] })
  }
}

/** Credentials of the server, and what of them goes into the handshake line. */
async function security(): Promise<{ credentials: ServerCredentials; certificate: string }> {
  const client = process.env['PLUGIN_CLIENT_CERT']
  if (mode === 'plain' || (client === undefined && mode !== 'tls-unasked')) {
    return { credentials: ServerCredentials.createInsecure(), certificate: '' }
  }
  const { generate } = await import('selfsigned')
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' })
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }
  const der = cert.replace(/-----[A-Z ]+-----|\s/g, '')
  return {
    credentials: ServerCredentials.createSsl(Buffer.from(client ?? cert), [pair], true),
    certificate: mode === 'unreadable-certificate' ? 'bm8gY2VydGlmaWNhdGU' : der.replace(/=+$/, ''),
  }
}

async function serve(): Promise<void> {
  const { credentials, certificate } = await security()
  const server = new Server({ 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 })
  const { WrapperService } = loadProto<V1>('plugin', 'wrapper-v1.proto').aiges
  const { WrapperPlugin } = loadProto<V2>('plugin', 'wrapper-v2.proto').aiges.plugin.v2
  const { Health } = loadProto<HealthProto>('plugin', 'health.proto').grpc.health.v1
  if (mode !== 'no-health') server.addService(Health.service, { ...health } as HealthHandlers)
  if (version === 1) server.addService(WrapperService.service, protocol1 as WrapperServiceHandlers)
  else server.addService(WrapperPlugin.service, { ...protocol2 })

  const folder = process.env['PLUGIN_UNIX_SOCKET_DIR'] ?? mkdtempSync(join(tmpdir(), 'fault-plugin-'))
  const path = join(folder, `plugin-${process.pid}`)
  const address = values.network === 'unix' ? `unix:${path}` : '127.0.0.1:0'
  server.bindAsync(address, credentials, (error, port) => {
    if (error) throw error
    const where = values.network === 'unix' ? `unix|${path}` : `tcp|127.0.0.1:${port}`
    const core = mode === 'wrong-core-version' ? 2 : 1
    console.log(`${core}|${version}|${where}|grpc|${certificate}`)
    if (mode === 'flood-stdout') flood()
  })
}

/** Two million bytes, some of them in one line without an end. */
function flood(): void {
  for (let line = 0; line < 10_000; line += 1) console.log(`flood ${line} ${'x'.repeat(90)}`)
  process.stdout.write('y'.repeat(1_000_000))
}

process.stdin.on('end', () => process.exit(0)).resume()
if (mode === 'ignore-shutdown') process.on('SIGTERM', () => {})
if (mode === 'exit-before-line') {
  console.error("ModuleNotFoundError: No module named 'torch'")
  process.exit(1)
}
if (mode === 'garbage-line') console.log('welcome | to | the | wrapper\n1.0|loading weights')
if (mode !== 'silent') void serve()
