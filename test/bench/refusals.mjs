// What it costs the daemon to refuse a request for which there is no room: its processor time, whatever else the machine does.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { format, printHead, row } from './figures.mjs'
import { load } from './load.mjs'
import { bodyFile, startDaemon } from './processes.mjs'

const CONNECTIONS = 16
const WARM_UP_SECONDS = 3
const HOLD_MS = 600_000

/** Prints a table: refusals a second, and processor time of the daemon for each. */
export async function refusals({ seconds, rounds }) {
  const sections = '[fc]\nmax = 1\nqueue = 0\n[aiges]\ndrainTimeoutMs = 0\nonceTimeoutMs = 600000\n'
  const daemon = startDaemon('steady', sections, [], undefined, `service_ms = ${HOLD_MS}\n`)
  try {
    const { http } = await daemon.found
    const url = `${http}/v1/svcName`
    const holder = fetch(url, { method: 'POST', body: readFileSync(bodyFile) }).catch(() => {})
    while ((await metric(http, 'aiservice_slots_in_use')) === 0);
    load({ url, bodyFile, connections: CONNECTIONS, seconds: WARM_UP_SECONDS })
    console.log(`\nRefusals with no_slot, ${CONNECTIONS} connections, ${seconds} s each`)
    printHead(['refused/s', 'CPU of the daemon a refusal, µs'])
    for (let round = 0; round < rounds; round += 1) {
      const [cpuBefore, before] = [cpuSeconds(daemon.child.pid), await refused(http)]
      load({ url, bodyFile, connections: CONNECTIONS, seconds })
      const [cpu, count] = [cpuSeconds(daemon.child.pid) - cpuBefore, (await refused(http)) - before]
      console.log(row([format(count / seconds), format((cpu / count) * 1e6)]))
    }
    daemon.child.kill('SIGTERM')
    await holder
  } finally {
    await daemon.stop()
  }
}

const refused = http => metric(http, 'aiservice_requests_turned_away_total')

/** Sum of the samples of a metric. */
async function metric(http, name) {
  const text = await (await fetch(`${http}/metrics`)).text()
  const samples = text.matchAll(new RegExp(`^${name}\\{.*\\} (\\d+)$`, 'gm'))
  return [...samples].reduce((sum, [, value]) => sum + Number(value), 0)
}

/** What a process, with all its threads, has used so far. Fields 14 and 15 of its stat are in clock ticks. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)
  const [user, system] = fields.split(' ').slice(11, 13).map(Number)
  return (user + system) / Number(execFileSync('getconf', ['CLK_TCK']))
}
