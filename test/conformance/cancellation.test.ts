import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import {
  CANCELLED,
  nextLine,
  SCENARIO_WRAPPER,
  type ServingDaemon,
  startServing,
  untilReady,
  WORKING,
} from '../helpers/scenario-daemon.js'
import { MID } from '../helpers/scenario-edgeboard.js'
import { type FrontEnd, MODEL } from '../helpers/scenario-front-end.js'
import { FRONT_ENDS } from '../helpers/scenario-front-ends.js'
import { soonest } from '../helpers/soonest.js'
import { untilFree } from '../helpers/web-socket-client.js'

/** From the end of a request, whatever ended it, to the wrapper's seeing it. */
const LATE_MS = 100
const TIMEOUT_MS = 400
const DRAIN_MS = 500

/** The clock of the wrapper's lines, in ms. */
const now = () => Number(process.hrtime.bigint()) / 1e6

/** When a line `working` or `cancelled` of the wrapper was written, on the same clock. */
const timeIn = (line: string) => Number(line.split(' ')[2]) / 1e6

const staying = () => new AbortController().signal

async function serve(aiges: Readonly<Record<string, number>>): Promise<ServingDaemon> {
  const model = { [`models.${MODEL}`]: { mid: MID, dir: SCENARIO_WRAPPER } }
  const concurrency = FRONT_ENDS.length
  return startServing({ cwd: SCENARIO_WRAPPER, config: { aiges: { concurrency, ...aiges }, ...model } })
}

describe.each(FRONT_ENDS)('a wrapper that works on a request over $name learns within 100 ms', frontEnd => {
  let daemon: ServingDaemon
  beforeAll(async () => {
    daemon = await shared
    await untilReady(daemon.http)
  })
  afterEach(() => untilFree(daemon.http))

  it('that its client has left', async () => {
    expect(await soonest(LATE_MS, () => afterLeaving(daemon, frontEnd))).toBeLessThan(LATE_MS)
  })

  it('that its time is over', async () => {
    expect(await soonest(LATE_MS, () => afterDeadline(daemon, frontEnd))).toBeLessThan(LATE_MS)
  })
})

/** One daemon for all of them: each waits until the slots are free again. */
const shared = serve({ onceTimeoutMs: TIMEOUT_MS })
afterAll(async () => (await shared).process.stop())

async function afterLeaving(daemon: ServingDaemon, { send }: FrontEnd): Promise<number> {
  const client = new AbortController()
  const [working, cancelled] = [nextLine(daemon, WORKING), nextLine(daemon, CANCELLED)]
  // Of a wrapper that has begun to answer, where the front-end shows its client results as they come.
  const left = expect(send(daemon, { text: 'hello', fault: 'endless' }, client.signal)).rejects.toThrow()
  await working
  const leaving = now()
  client.abort()
  await left
  return timeIn(await cancelled) - leaving
}

/** From the wrapper's beginning on: the daemon's clock began a moment earlier, when the request came. */
async function afterDeadline(daemon: ServingDaemon, { send, renders }: FrontEnd): Promise<number> {
  const [working, cancelled] = [nextLine(daemon, WORKING), nextLine(daemon, CANCELLED)]
  const outcome = await send(daemon, { text: 'hello', fault: 'hang' }, staying())
  expect(outcome.failure).toEqual(renders('result_timeout'))
  return timeIn(await cancelled) - timeIn(await working) - TIMEOUT_MS
}

it('wrappers that still work on something after the drain time learn it within 100 ms, over every front-end', async () => {
  const late = await soonest(LATE_MS, async () => {
    const daemon = await serve({ drainTimeoutMs: DRAIN_MS })
    try {
      const outcomes: Promise<unknown>[] = []
      for (const { send } of FRONT_ENDS) {
        const working = nextLine(daemon, WORKING)
        outcomes.push(send(daemon, { text: 'hello', fault: 'endless' }, staying()))
        await working
      }
      const stopping = daemon.process.line(({ msg }) => msg.startsWith('SIGTERM'))
      expect(await daemon.process.stop()).toBe(0)
      await Promise.allSettled(outcomes)
      const told = now() - (Date.now() - Date.parse(String((await stopping)['time'])))
      const times = daemon.process.log.flatMap(({ msg }) => (CANCELLED.test(msg) ? timeIn(msg) : []))
      expect(times).toHaveLength(FRONT_ENDS.length)
      // The log's times are whole milliseconds.
      expect(Math.min(...times) - told).toBeGreaterThan(DRAIN_MS - 2)
      return Math.max(...times) - told - DRAIN_MS
    } finally {
      await daemon.process.stop()
    }
  })
  expect(late).toBeLessThan(LATE_MS)
})
