import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { FrontEnd, ScenarioRequest } from '../../helpers/scenario-front-end.js'
import { FRONT_ENDS } from '../../helpers/scenario-front-ends.js'
import { Account, type Ending } from '../account.js'
import type { ChaosRun } from '../chaos-run.js'
import { type ChaosDaemon, startChaosDaemon } from '../daemon.js'
import { ask, endingOf } from '../load.js'
import { within } from '../processes.js'
import type { Random } from '../random.js'

/** What the wrapper does while the client leaves. */
const FAULTS = ['', 'slow', 'endless', 'hang']
/** Clients leave somewhere in this time after they began. */
const LEAVE_WITHIN_MS = 60
const AT_ONCE = 4
const PATIENCE_MS = 60_000

/**
 * Clients leave at any point, over every front-end: before, during and after their request. Others beside them are
 * answered as ever, and nothing of those that left stays behind.
 */
export const leavingClients: ChaosRun = {
  name: 'clients-leave',
  async play({ random, short }) {
    const account = new Account('clients-leave')
    const daemon = await startChaosDaemon({ aiges: { replicas: 2, concurrency: 8, onceTimeoutMs: 3000 } })
    const clients = short ? 2 : 40
    for (const frontEnd of FRONT_ENDS) {
      const leaver = async () => {
        for (let left = 0; left < clients; left += 1) {
          const request = { text: 'who leaves', fault: random.pick(FAULTS) }
          await account.request(() => leave(daemon, frontEnd, request, random.next() * LEAVE_WITHIN_MS))
        }
      }
      const stayer = async () => {
        for (let stayed = 0; stayed < clients; stayed += 1) {
          await account.request(() => ask(daemon, frontEnd, { text: 'who stays' }))
        }
      }
      await Promise.all([...Array.from({ length: AT_ONCE }, leaver), stayer()])
    }
    await Promise.all(Array.from({ length: clients * 10 }, () => account.request(() => stopMidway(daemon, random))))
    if (!(await within(PATIENCE_MS, () => handles(daemon, 'created').length === handles(daemon, 'destroyed').length))) {
      account.notes.push('there are sessions that the wrapper was never asked to destroy')
    }
    await daemon.end(account)
    return [account.close()]
  },
}

async function leave(at: ChaosDaemon, frontEnd: FrontEnd, request: ScenarioRequest, afterMs: number): Promise<Ending> {
  const client = new AbortController()
  const answer = frontEnd.send(at, request, client.signal).then(outcome => endingOf(frontEnd, request, outcome))
  // Its rejection is looked at below.
  answer.catch(() => {})
  await delay(afterMs)
  client.abort()
  try {
    return await answer
  } catch {
    return { kind: 'cut' }
  }
}

/** A connection that ends somewhere in the bytes of a request. */
async function stopMidway({ http }: ChaosDaemon, random: Random): Promise<Ending> {
  const body = JSON.stringify({ header: { status: 3 }, payload: { txt: { status: 3, text: 'eA==' } } })
  const bytes = `POST /v1/svcName HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  const { hostname, port } = new URL(http)
  const socket = connect(Number(port), hostname)
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.write(bytes.slice(0, random.below(bytes.length)), () => resolve())
  })
  if (random.below(2) === 0) socket.resetAndDestroy()
  else socket.destroy()
  return { kind: 'cut' }
}

/** Sessions of which the wrapper said that it did this with them. */
function handles({ process: { log } }: ChaosDaemon, what: 'created' | 'destroyed'): string[] {
  return log.filter(({ msg }) => msg.startsWith(`${what} `)).map(({ msg }) => msg)
}
