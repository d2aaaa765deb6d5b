// More than a model can do: how much of it is answered, how fast, and who is refused.
import { readFileSync } from 'node:fs'
import { format, percentile, printHead, row } from './figures.mjs'
import { bodyFile, startClient, startDaemon, stop } from './processes.mjs'

const SLOTS = 8
const SERVICE_MS = 200
/** Long enough for the queue to run full at twice what the model can do, and to be worked off. */
const WARM_UP_SECONDS = 15
const SECONDS = 10
const LOADS = [0.5, 1, 2, 5, 10]
const PRIORITIES = [9, 5, 1]
const LIMIT_MS = 180_000

/** Prints a table: offered load against what was answered and refused, in all and by priority. */
export async function overload() {
  const sections = `[fc]\nmax = ${SLOTS}\n[aiges]\nconcurrency = ${SLOTS}\n`
  const daemon = startDaemon('steady', sections, [], undefined, `service_ms = ${SERVICE_MS}\n`)
  const signal = AbortSignal.timeout(LIMIT_MS)
  try {
    const { http } = await daemon.found
    const url = `${http}/v1/svcName`
    const capacity = (SLOTS * 1000) / SERVICE_MS
    console.log(`\nOverload: ${SLOTS} slots, ${SERVICE_MS} ms a call, so ${capacity} requests/s at most.`)
    console.log('Requests at random times, a third of them of each priority; p99 from when they should have been sent.')
    const each = PRIORITIES.flatMap(priority => [`p99 of ${priority}`, `refused of ${priority}`])
    printHead(['load', 'sent/s', 'answered/s', 'p50 ms', 'p99 ms', ...each, 'RSS MB'])
    for (const factor of LOADS) {
      const rate = capacity * factor
      const task = { url, bodyFile, rate, warmUpSeconds: WARM_UP_SECONDS, seconds: SECONDS, priorities: PRIORITIES }
      const tallies = await measured(task, signal)
      console.log(row([`${factor} ×`, ...cells(tallies), format(residentBytes(daemon.child.pid) / 1e6)]))
    }
  } finally {
    await daemon.stop()
  }
}

async function measured(task, signal) {
  const client = startClient('open-loop.mjs', task, signal)
  try {
    return await client.found
  } finally {
    await stop(client.child)
  }
}

function cells(tallies) {
  const failed = tallies.reduce((sum, tally) => sum + tally.failed, 0)
  if (failed > 0) throw new Error(`${failed} requests failed in another way than by being refused`)
  const sent = tallies.reduce((sum, tally) => sum + tally.sent, 0)
  const latencies = tallies.flatMap(tally => tally.latencies)
  const each = tallies.flatMap(tally => {
    return [show(percentile(tally.latencies, 0.99)), `${format((tally.refused / tally.sent) * 100)} %`]
  })
  const figures = [sent / SECONDS, latencies.length / SECONDS].map(figure => format(figure))
  return [...figures, show(percentile(latencies, 0.5)), show(percentile(latencies, 0.99)), ...each]
}

const show = latency => (latency === undefined ? '' : format(latency))

function residentBytes(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}
