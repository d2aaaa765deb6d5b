import { connect } from 'node:net'
import {
  Client,
  credentials,
  type ServiceError as GrpcError,
  Metadata,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js'
import type { ProtoGrpcType as AigesV1 } from '../../../src/gen/gateway/aiges-v1.js'
import type { ProtoGrpcType as Oip } from '../../../src/gen/gateway/oip.js'
import type { ProtoGrpcType as Xsf } from '../../../src/gen/gateway/xsf.js'
import { loadProto } from '../../../src/rpc/proto.js'
import { encodeInput } from '../../helpers/scenario-xsf.js'
import type { Ending } from '../account.js'
import type { Random } from '../random.js'
import type { Fuzzer } from './fuzzer.js'
import { mutateBytes } from './mutate.js'

const { XsfCall } = loadProto<Xsf>('gateway', 'xsf.proto').utils
const { Inference } = loadProto<AigesV1>('gateway', 'aiges-v1.proto').aiges.v1
const { GRPCInferenceService } = loadProto<Oip>('gateway', 'oip.proto').inference

/** Good messages, of which strange ones are made. */
const MESSAGES: readonly Buffer[] = [
  XsfCall.service.call.requestSerialize({
    op: 'AIIn',
    s: { t: '', h: 'handle' },
    param: { SeqNo: '1', waitTime: '2000' },
    data: [
      {
        data: encodeInput({
          serviceId: 'svcName',
          state: 'ONCE',
          expect: [{ name: 'result' }],
          pl: [{ meta: { name: 'txt', attribute: { status: '3' } }, data: Buffer.from('hello') }],
        }),
      },
    ],
  } as never),
  Inference.service.Exec.requestSerialize({
    model: 'svcName',
    accepts: [{ data_id: 'result' }],
    data: [{ data_id: 'txt', status: 'END', data: Buffer.from('hello') }],
  } as never),
  GRPCInferenceService.service.ModelInfer.requestSerialize({
    model_name: 'svcName',
    inputs: [{ name: 'txt', datatype: 'BYTES', shape: [1], contents: { bytes_contents: [Buffer.from('hello')] } }],
    outputs: [{ name: 'result' }],
  } as never),
]

const METHODS = [XsfCall, Inference, GRPCInferenceService].flatMap(({ service }) =>
  Object.values(service as ServiceDefinition),
)

/** Latest end of a call; what ends by it alone was waited for in vain. */
const DEADLINE_MS = 30_000

/** Messages that are no messages, to every method of every service, streams included. */
export const fuzzProtobuf: Fuzzer = {
  name: 'malformed-protobuf',
  prepare: async ({ grpc }, random) => {
    const client = new Client(grpc, credentials.createInsecure())
    return { send: () => call(client, random), close: () => client.close() }
  },
}

const asIs = (bytes: Buffer) => bytes

function call(client: Client, random: Random): Promise<Ending> {
  const { path } = random.pick(METHODS)
  const message = () =>
    random.below(6) === 0 ? random.bytes(random.below(200)) : mutateBytes(random, random.pick(MESSAGES))
  const options = { deadline: Date.now() + DEADLINE_MS }
  return new Promise(resolve => {
    // A stream of several messages to a unary method is malformed as well.
    const stream = client.makeBidiStreamRequest(path, asIs, asIs, new Metadata(), options)
    stream.on('data', () => {})
    stream.on('error', () => {})
    stream.on('status', ({ code, details }: Pick<GrpcError, 'code' | 'details'>) => {
      if (code === status.OK) resolve({ kind: 'correct' })
      else if (code === status.UNKNOWN) resolve({ kind: 'wrong', what: `${path} ended with UNKNOWN: ${details}` })
      else if (code === status.DEADLINE_EXCEEDED && Date.now() >= options.deadline) {
        resolve({ kind: 'lost', what: `${path} was not answered within ${DEADLINE_MS} ms` })
      } else resolve({ kind: 'error', reason: status[code] })
    })
    for (let messages = random.pick([0, 1, 1, 1, 1, 2]); messages > 0; messages -= 1) stream.write(message())
    stream.end()
  })
}

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
const SETTINGS = Buffer.from('000000040000000000', 'hex')

/** Bytes that are not quite HTTP/2, to the gRPC port; the daemon must say GOAWAY, or close when the client has said all. */
export const fuzzHttp2: Fuzzer = {
  name: 'malformed-http2',
  prepare: async ({ grpc }, random) => ({ send: () => connection(grpc, random), close: () => {} }),
}

function connection(address: string, random: Random): Promise<Ending> {
  const { hostname, port } = new URL(`tcp://${address}`)
  const frames = Array.from({ length: random.below(6) }, () => strangeFrame(random))
  const start = random.below(8) === 0 ? mutateBytes(random, PREFACE) : PREFACE
  const bytes = Buffer.concat([start, SETTINGS, ...frames])
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let answer = ''
    socket.on('data', bytes => {
      answer += bytes.toString('hex')
      if (hasGoAway(answer)) socket.destroy()
    })
    socket.once('close', () => resolve({ kind: 'error', reason: hasGoAway(answer) ? 'GOAWAY' : 'connection closed' }))
    socket.once('error', error => {
      const { code = '' } = error as NodeJS.ErrnoException
      if (!['ECONNRESET', 'EPIPE'].includes(code)) reject(error)
    })
    socket.end(bytes)
  })
}

/** A frame whose length is mostly right, of any type, also those that do not exist. */
function strangeFrame(random: Random): Buffer {
  const content = random.bytes(random.below(64))
  const head = Buffer.alloc(9)
  head.writeUIntBE(random.below(10) === 0 ? random.below(2 ** 24) : content.length, 0, 3)
  head[3] = random.below(12)
  head[4] = random.below(256)
  head.writeUInt32BE(random.pick([0, 1, 3, 2 ** 31 - 1]), 5)
  return Buffer.concat([head, content])
}

/** @param answer frames as hexadecimal digits, the last one perhaps not whole */
function hasGoAway(answer: string): boolean {
  const length = Number.parseInt(answer.slice(0, 6), 16)
  if (Number.isNaN(length) || answer.length < 18) return false
  return answer.slice(6, 8) === '07' || hasGoAway(answer.slice(18 + 2 * length))
}
