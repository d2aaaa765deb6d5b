// Chunks: how long the first and each further one takes, and how many there are in a second.
import { format, printHead, row } from './figures.mjs'
import { startClient, startDaemon, stop } from './processes.mjs'

const LIMIT_MS = 120_000
const SECONDS = 3

/** `session`: frames that come back. `answer`: chunks that a wrapper yields for one request. */
const CASES = [
  { name: 'WebSocket, session', protocol: 'webSocket', kind: 'session' },
  { name: 'gRPC Stream, session', protocol: 'grpc', kind: 'session' },
  { name: 'SSE, yielded', protocol: 'sse', kind: 'answer' },
  { name: 'gRPC ExecStream, yielded', protocol: 'grpc', kind: 'answer' },
]

/** Prints two tables: latencies, then chunks/s of 1 and 32 clients. */
export async function streams() {
  const signal = AbortSignal.timeout(LIMIT_MS)
  const daemon = startDaemon('streaming', '[fc]\nmax = 256\n[aiges]\nconcurrency = 32\n')
  try {
    const addresses = await daemon.found
    const run = task => measured({ addresses, seconds: SECONDS, ...task }, signal)
    console.log('\nLatency of chunks of 128 bytes, one client, ms. First: from the first frame or the request.')
    console.log('Further: frame to its result; yielded: gap between those yielded at once, and yield to arrival.')
    printHead(['', 'first p50', 'first p99', 'further p50', 'further p99', 'yield to arrival p50', 'p99'])
    for (const { name, ...task } of CASES) {
      const { first, further, delivery } = await run({ ...task, measure: 'latency' })
      const cells = [first, further, delivery].flatMap(latency => [show(latency?.p50), show(latency?.p99)])
      console.log(row([name, ...cells]))
    }
    console.log('\nChunks of 128 bytes per second')
    printHead(['', '1 client', '32 clients'])
    for (const { name, ...task } of CASES) {
      const cells = []
      for (const clients of [1, 32]) {
        const { chunksPerSecond } = await run({ ...task, measure: 'throughput', clients })
        cells.push(format(chunksPerSecond))
      }
      console.log(row([name, ...cells]))
    }
  } finally {
    await daemon.stop()
  }
}

const show = latency => (latency === undefined ? '' : format(latency, 2))

async function measured(task, signal) {
  const client = startClient('stream-client.mjs', task, signal)
  try {
    return await client.found
  } finally {
    await stop(client.child)
  }
}
