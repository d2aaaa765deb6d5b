// Sessions and streamed answers over gRPC, as aiges.v1 defines them.
import { once } from 'node:events'
import { createClient } from '../../../dist/rpc/channel.js'
import { loadProto } from '../../../dist/rpc/proto.js'
import { CHUNK } from './chunk.mjs'

const { Inference } = loadProto('gateway', 'aiges-v1.proto').aiges.v1
const frame = { data: [{ data_id: 'txt', data: CHUNK }] }

/** A connection, ready for calls. */
export async function connect({ grpc }) {
  const client = createClient(Inference, { address: grpc, maxMessageBytes: 16 << 20 })
  await new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + 5000, error => (error ? reject(error) : resolve()))
  })
  return {
    openSession: listener => openSession(client, listener),
    stream: (task, onChunk) => stream(client, task, onChunk),
    close: () => client.close(),
  }
}

/** The call begins with the first frame. */
async function openSession(client, { onResult, onFailure }) {
  let call
  const begin = () => {
    call = client.Stream()
    call.on('error', onFailure)
    call.on('data', ({ data }) => {
      if (data.length === 0) return
      if (CHUNK.equals(data[0].data)) onResult()
      else onFailure(new Error(`not an echo: ${data[0].data}`))
    })
    return call
  }
  return {
    send() {
      const current = call ?? begin()
      current.write(frame)
    },
    /** Sends the last frame, which has a result as well; resolves after the last result. */
    async finish() {
      const over = once(call, 'end')
      call.write({ data: [{ ...frame.data[0], status: 2 }] })
      call.end()
      await over
    },
  }
}

async function stream(client, { count, pauseUs }, onChunk) {
  const call = client.ExecStream({ ...frame, params: { count: String(count), pauseUs: String(pauseUs) } })
  call.on('data', ({ data }) => {
    if (data.length > 0) onChunk(data[0].data.latin1Slice())
  })
  await once(call, 'end')
}
