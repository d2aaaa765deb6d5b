import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Reason } from '../../src/core/error.js'
import type { DaemonOptions } from '../helpers/daemon-process.js'
import { aigesV1Stream } from '../helpers/scenario-aiges-v1.js'
import { aseHttp, aseWebSocket } from '../helpers/scenario-ase.js'
import {
  CANCELLED,
  nextLine,
  requestsEnded,
  SCENARIO_WRAPPER,
  type ServingDaemon,
  startServing,
  untilReady,
  WORKING,
} from '../helpers/scenario-daemon.js'
import { MID } from '../helpers/scenario-edgeboard.js'
import { type FrontEnd, MODEL, type ScenarioRequest } from '../helpers/scenario-front-end.js'
import { FRONT_ENDS } from '../helpers/scenario-front-ends.js'
import { xsfSession } from '../helpers/scenario-xsf-calls.js'
import { untilFree } from '../helpers/web-socket-client.js'

/** Front-ends without sessions. A session may begin without data (golden transcript). */
const FOR_ONE_REQUEST = FRONT_ENDS.filter(frontEnd => ![aseWebSocket, xsfSession, aigesV1Stream].includes(frontEnd))

interface KnownFailure {
  readonly why: string
  /** The message with which the scenario fails. */
  readonly message: RegExp
}

/** What a front-end does not do as the others: `scenario / front-end`. */
const KNOWN_FAILING: Readonly<Record<string, KnownFailure>> = {}

interface Scenario {
  readonly name: string
  readonly config?: DaemonOptions['config']
  /** Which front-ends it concerns; default: all. */
  readonly frontEnds?: readonly FrontEnd[]
  /** The daemon ends with it, so that every front-end needs one of its own. */
  readonly endsDaemon?: true
  readonly play: (daemon: ServingDaemon, frontEnd: FrontEnd) => Promise<void>
}

const SCENARIOS: readonly Scenario[] = [
  { name: 'echo', play: answers('HELLO', { text: 'hello' }) },
  { name: 'input of no bytes', play: answers('', { text: '' }) },
  { name: 'no input', frontEnds: FOR_ONE_REQUEST, play: fails('input_missing', {}) },
  { name: 'wrapper error', play: fails('wrapper_failed', { text: 'hello', fault: 'error' }) },
  { name: 'unknown model', play: fails('model_unknown', { text: 'hello', model: 'nobody' }) },
  {
    name: 'deadline',
    config: { aiges: { onceTimeoutMs: 400 } },
    play: fails('result_timeout', { text: 'hello', fault: 'hang' }),
  },
  { name: 'client leaves mid-stream', play: isCancelled({ text: 'hello', fault: 'endless' }) },
  {
    name: 'oversize',
    config: { http: { bodyLimitMiB: 1 } },
    play: fails('message_too_large', { text: 'x'.repeat(2 << 20) }),
  },
  { name: 'crash mid-call', play: fails('plugin_crashed', { text: 'hello', fault: 'crash' }) },
  {
    name: 'saturated',
    config: { fc: { max: 1, queue: 0 } },
    play: whileAnotherWorks(fails('no_slot', { text: 'hello' })),
  },
  {
    name: 'shutting down, with time to finish',
    endsDaemon: true,
    play: whileStopping('slow', { text: 'HELLO' }),
  },
  {
    name: 'shutting down, without',
    endsDaemon: true,
    config: { aiges: { drainTimeoutMs: 200 } },
    play: whileStopping('endless', { reason: 'not_ready' }),
  },
]

describe.each(SCENARIOS)('$name', ({ name, config = {}, frontEnds = FRONT_ENDS, endsDaemon, play }) => {
  let daemon: ServingDaemon
  const start = async () => {
    // A number that is not the default shows that front-ends which know models by it look at it.
    const model = { [`models.${MODEL}`]: { mid: MID, dir: SCENARIO_WRAPPER } }
    daemon = await startServing({ cwd: SCENARIO_WRAPPER, config: { ...config, ...model } })
  }
  const stop = () => daemon?.process.stop()
  if (endsDaemon) {
    beforeEach(start)
    afterEach(stop)
  } else {
    beforeAll(start)
    beforeEach(() => untilReady(daemon.http))
    afterEach(() => untilFree(daemon.http))
    afterAll(stop)
  }

  for (const frontEnd of frontEnds) {
    const known = KNOWN_FAILING[`${name} / ${frontEnd.name}`]
    if (known === undefined) it(`over ${frontEnd.name}`, () => play(daemon, frontEnd))
    else {
      it(`over ${frontEnd.name} (known to fail: ${known.why})`, () =>
        expect(play(daemon, frontEnd)).rejects.toThrow(known.message))
    }
  }
})

it('has no known failure of a scenario or a front-end that does not exist', () => {
  const names = SCENARIOS.flatMap(({ name, frontEnds = FRONT_ENDS }) =>
    frontEnds.map(frontEnd => `${name} / ${frontEnd.name}`),
  )
  expect(names).toEqual(expect.arrayContaining(Object.keys(KNOWN_FAILING)))
})

/** The client stays. */
const staying = () => new AbortController().signal

function answers(text: string, request: ScenarioRequest): Scenario['play'] {
  return async (daemon, frontEnd) => {
    expect(await frontEnd.send(daemon, request, staying())).toEqual({ text })
  }
}

function fails(reason: Reason, request: ScenarioRequest): Scenario['play'] {
  return async (daemon, frontEnd) => {
    const failure = frontEnd.renders(reason)
    expect(await frontEnd.send(daemon, request, staying())).toEqual({ text: '', failure })
  }
}

/** The wrapper and the daemon's books see it, as nobody else is there to be told. */
function isCancelled(request: ScenarioRequest): Scenario['play'] {
  return async (daemon, { send, protocol }) => {
    const client = new AbortController()
    const before = await requestsEnded(daemon.http, protocol, 'cancelled')
    const [working, cancelled] = [nextLine(daemon, WORKING), nextLine(daemon, CANCELLED)]
    const left = expect(send(daemon, request, client.signal)).rejects.toThrow()
    await working
    client.abort()
    await Promise.all([left, cancelled])
    await untilFree(daemon.http)
    expect(await requestsEnded(daemon.http, protocol, 'cancelled')).toBe(before + 1)
  }
}

function whileAnotherWorks(play: Scenario['play']): Scenario['play'] {
  return async (daemon, frontEnd) => {
    const other = new AbortController()
    const working = nextLine(daemon, WORKING)
    const left = expect(aseHttp.send(daemon, { text: 'other', fault: 'endless' }, other.signal)).rejects.toThrow()
    await working
    await play(daemon, frontEnd)
    other.abort()
    await left
  }
}

function whileStopping(fault: string, expected: { text: string } | { reason: Reason }): Scenario['play'] {
  return async (daemon, frontEnd) => {
    const working = nextLine(daemon, WORKING)
    const outcome = frontEnd.send(daemon, { text: 'hello', fault }, staying())
    await working
    const exited = daemon.process.stop()
    const wanted =
      'text' in expected
        ? expected
        : { text: expect.stringMatching(/^(HELLO)?$/), failure: frontEnd.renders(expected.reason) }
    expect(await outcome).toEqual(wanted)
    expect(await exited).toBe(0)
  }
}
