// Sessions and streamed answers over gRPC, as aiges.v1 defines them, with no more than Node's HTTP/2: a library for gRPC
// would need as much of the machine as the daemon that is measured.
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { fileURLToPath } from 'node:url'
import { loadSync } from '@grpc/proto-loader'
import { CHUNK } from './chunk.mjs'
import { createSplitter } from './splitter.mjs'

const PROTO = fileURLToPath(new URL('../../../proto/gateway/aiges-v1.proto', import.meta.url))
const { Stream, ExecStream } = loadSync(PROTO, { keepCase: true })['aiges.v1.Inference']
const PREFIX_LENGTH = 5
const WINDOW_BYTES = 8 << 20

function messageOf(input) {
  const content = Stream.requestSerialize(input)
  const prefix = Buffer.alloc(PREFIX_LENGTH)
  prefix.writeUInt32BE(content.length, 1)
  return Buffer.concat([prefix, content])
}

const frame = { data: [{ data_id: 'txt', data: CHUNK }] }
const FURTHER = messageOf(frame)
const LAST = messageOf({ data: [{ ...frame.data[0], status: 2 }] })

function head(buffer, offset) {
  const begin = offset + PREFIX_LENGTH
  return buffer.length < begin ? undefined : { begin, end: begin + buffer.readUInt32BE(offset + 1) }
}

/** A connection, ready for calls. */
export async function connect({ grpc }) {
  const connection = connectHttp2(`http://${grpc}`, { settings: { initialWindowSize: WINDOW_BYTES } })
  await once(connection, 'connect')
  connection.setLocalWindowSize(WINDOW_BYTES)
  return {
    openSession: listener => openSession(connection, listener),
    stream: (task, onChunk) => stream(connection, task, onChunk),
    close: () => connection.close(),
  }
}

/** `over` resolves when the call has ended well. */
function startCall(connection, { path }, onMessage) {
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' }
  const call = connection.request(headers)
  const split = createSplitter(head, (buffer, _, { begin, end }) => onMessage(buffer.subarray(begin, end)))
  call.on('data', split)
  const over = new Promise((resolve, reject) => {
    const judge = headers => {
      const status = headers['grpc-status']
      if (status === '0') resolve()
      else if (status !== undefined) reject(new Error(`${status}: ${headers['grpc-message']}`))
    }
    call.on('response', judge).on('trailers', judge).on('error', reject)
  })
  return { call, over }
}

/** The call begins with the first frame. */
async function openSession(connection, { onResult, onFailure }) {
  let begun
  const begin = () => {
    begun = startCall(connection, Stream, content => {
      if (content.includes(CHUNK)) onResult()
      else if (content.includes('result')) onFailure(new Error(`not an echo: ${content.latin1Slice()}`))
    })
    begun.over.catch(onFailure)
    return begun
  }
  return {
    send() {
      const { call } = begun ?? begin()
      call.write(FURTHER)
    },
    /** Sends the last frame, which has a result as well; resolves after the last result. */
    async finish() {
      begun.call.end(LAST)
      await begun.over
    },
  }
}

async function stream(connection, { count, pauseUs }, onChunk) {
  const { call, over } = startCall(connection, ExecStream, content => {
    const { data } = ExecStream.responseDeserialize(content)
    if (data?.length > 0) onChunk(data[0].data.latin1Slice())
  })
  call.end(messageOf({ ...frame, params: { count: String(count), pauseUs: String(pauseUs) } }))
  await over
}
