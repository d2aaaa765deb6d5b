// A load client for sessions and streamed answers, in a process of its own. Prints one line of JSON: what it measured.
// Whatever goes wrong with one request ends it with an error.
import { connect as connectGrpc } from './clients/grpc.mjs'
import { connect as connectSse } from './clients/sse.mjs'
import { connect as connectWebSocket } from './clients/web-socket.mjs'
import { percentile } from './figures.mjs'

const connectors = { grpc: connectGrpc, sse: connectSse, webSocket: connectWebSocket }

/** Frames of a session when latencies are measured: few, because each session has but one first one. */
const FRAMES_PER_SESSION = 10
/** Chunks of an answer when latencies are measured. */
const CHUNKS_PER_STREAM = 50
/** One of so many answers has pauses between its chunks: it takes as long as all the others together. */
const PAUSED_EVERY = 32
/** Chunks of an answer when the throughput is measured. */
const CHUNKS_PER_LOAD = 1000
/** Frames of a session that may be on their way when the throughput is measured. */
const WINDOW = 16
const PAUSE_US = 2000
/** Some hundred requests, so that what is measured is no longer Node's compiler: the first ones take several times as long. */
const WARM_UP_MS = 3000

const { protocol, kind, measure, addresses, clients, seconds } = JSON.parse(process.argv[2])
const now = () => performance.now()
const summary = numbers => ({ p50: percentile(numbers, 0.5), p99: percentile(numbers, 0.99), count: numbers.length })

/** A clock that opens after the warm-up and closes after `seconds`. */
function createSchedule() {
  const opens = now() + WARM_UP_MS
  const closes = opens + seconds * 1000
  return { opens, closes, counts: () => now() >= opens && now() < closes, over: () => now() >= closes }
}

/** A frame is sent when the result of the one before is there. */
async function sessionLatency(schedule) {
  const first = []
  const further = []
  const connection = await connectors[protocol](addresses)
  while (!schedule.over()) {
    let settle
    const session = await connection.openSession({
      onResult: () => settle.resolve(),
      onFailure: error => settle.reject(error),
    })
    for (let frame = 0; frame < FRAMES_PER_SESSION; frame += 1) {
      const sent = now()
      await new Promise((resolve, reject) => {
        settle = { resolve, reject }
        session.send()
      })
      if (schedule.counts()) (frame === 0 ? first : further).push(now() - sent)
    }
    await session.finish()
  }
  connection.close()
  return { first: summary(first), further: summary(further) }
}

/** Each client keeps a window of frames on their way. */
async function sessionThroughput(schedule) {
  let chunks = 0
  const client = async () => {
    const connection = await connectors[protocol](addresses)
    await new Promise((resolve, reject) => {
      let waiting = 0
      const opening = connection.openSession({
        onResult() {
          if (schedule.counts()) chunks += 1
          waiting -= 1
          if (!schedule.over()) send()
          else if (waiting === 0) void opening.then(session => session.finish()).then(resolve, reject)
        },
        onFailure: reject,
      })
      let session
      const send = () => {
        waiting += 1
        session.send()
      }
      opening.then(opened => {
        session = opened
        for (let frame = 0; frame < WINDOW; frame += 1) send()
      }, reject)
    })
    connection.close()
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { chunksPerSecond: chunks / seconds }
}

/** The gap between chunks that are yielded at once, and now and then the time from a chunk's yielding, of chunks apart. */
async function answerLatency(schedule) {
  const first = []
  const further = []
  const delivery = []
  const connection = await connectors[protocol](addresses)
  for (let answer = 1; !schedule.over(); answer += 1) {
    const pauseUs = answer % PAUSED_EVERY === 0 ? PAUSE_US : 0
    const sent = now()
    let previous
    await streamWhole(connection, { count: CHUNKS_PER_STREAM, pauseUs }, text => {
      const at = now()
      if (schedule.counts()) {
        if (pauseUs > 0) delivery.push(Number(process.hrtime.bigint() - BigInt(text.trim())) / 1e6)
        else if (previous === undefined) first.push(at - sent)
        else further.push(at - previous)
      }
      previous = at
    })
  }
  connection.close()
  return { first: summary(first), further: summary(further), delivery: summary(delivery) }
}

async function answerThroughput(schedule) {
  let chunks = 0
  const client = async () => {
    const connection = await connectors[protocol](addresses)
    while (!schedule.over()) {
      await streamWhole(connection, { count: CHUNKS_PER_LOAD, pauseUs: 0 }, () => {
        if (schedule.counts()) chunks += 1
      })
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: clients }, client))
  return { chunksPerSecond: chunks / seconds }
}

async function streamWhole(connection, task, onChunk) {
  let count = 0
  await connection.stream(task, text => {
    count += 1
    onChunk(text)
  })
  if (count !== task.count) throw new Error(`${count} chunks came instead of ${task.count}`)
}

const measurements = {
  session: { latency: sessionLatency, throughput: sessionThroughput },
  answer: { latency: answerLatency, throughput: answerThroughput },
}
console.log(JSON.stringify(await measurements[kind][measure](createSchedule())))
