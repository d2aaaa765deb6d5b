import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
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
  readonly play: (daemon: ServingDaemon, frontEnd: FrontEnd) => Promise<void>
}

/** What happens to daemon or plugin while a request of every front-end is at work: once for all of them. */
interface SharedScenario extends Omit<Scenario, 'frontEnds' | 'play'> {
  /** Of the requests. */
  readonly fault: string
  readonly happens: (daemon: ServingDaemon) => Promise<void>
  /** What each client learns. */
  readonly outcome: (frontEnd: FrontEnd) => unknown
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
  {
    name: 'saturated',
    config: { fc: { max: 1, queue: 0 } },
    play: whileAnotherWorks(fails('no_slot', { text: 'hello' })),
  },
]

const SHARED_SCENARIOS: readonly SharedScenario[] = [
  {
    name: 'crash mid-call',
    fault: 'hang',
    happens: crashes,
    outcome: ({ renders }) => ({ text: '', failure: renders('plugin_crashed') }),
  },
  { name: 'shutting down, with time to finish', fault: 'slow', happens: stops, outcome: () => ({ text: 'HELLO' }) },
  {
    name: 'shutting down, without',
    config: { aiges: { drainTimeoutMs: 200 } },
    fault: 'endless',
    happens: stops,
    outcome: ({ renders }) => ({ text: expect.stringMatching(/^(HELLO)?$/), failure: renders('not_ready') }),
  },
]

async function serve(config: NonNullable<DaemonOptions['config']>): Promise<ServingDaemon> {
  // A number that is not the default shows that front-ends which know models by it look at it.
  const model = { [`models.${MODEL}`]: { mid: MID, dir: SCENARIO_WRAPPER } }
  return startServing({ cwd: SCENARIO_WRAPPER, config: { ...config, ...model } })
}

describe.each(SHARED_SCENARIOS)('$name', ({ config = {}, fault, happens, outcome }) => {
  let daemon: ServingDaemon
  const outcomes = new Map<FrontEnd, Promise<unknown>>()
  beforeAll(async () => {
    // One more, for what happens may be a request itself.
    const aiges = { concurrency: FRONT_ENDS.length + 1, ...config['aiges'] }
    daemon = await serve({ ...config, aiges })
    for (const frontEnd of FRONT_ENDS) {
      const sent = frontEnd.send(daemon, { text: 'hello', fault }, staying())
      sent.catch(() => {})
      outcomes.set(frontEnd, sent)
    }
    const working = () => daemon.process.log.filter(({ msg }) => WORKING.test(msg))
    await vi.waitFor(() => expect(working()).toHaveLength(FRONT_ENDS.length))
    await happens(daemon)
  })
  afterAll(() => daemon?.process.stop())

  it.each(FRONT_ENDS)('over $name', async frontEnd => {
    expect(await outcomes.get(frontEnd)).toEqual(outcome(frontEnd))
  })
})

describe.each(SCENARIOS)('$name', ({ name, config = {}, frontEnds = FRONT_ENDS, play }) => {
  let daemon: ServingDaemon
  beforeAll(async () => {
    daemon = await serve(config)
  })
  beforeEach(() => untilReady(daemon.http))
  afterEach(() => untilFree(daemon.http))
  afterAll(() => daemon?.process.stop())

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

async function crashes(daemon: ServingDaemon): Promise<void> {
  await aseHttp.send(daemon, { text: 'hello', fault: 'crash' }, staying())
}

async function stops(daemon: ServingDaemon): Promise<void> {
  expect(await daemon.process.stop()).toBe(0)
}
