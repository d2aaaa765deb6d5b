import { describe, expect, test } from 'vitest'
import { type Reason, ServiceError } from '../../../src/core/error.js'
import type {
  InferenceRequest,
  InferenceResult,
  InferenceService,
  RequestContext,
  Session,
} from '../../../src/core/inference.js'
import { instrumentInference } from '../../../src/telemetry/instrumented-inference.js'
import { createMetrics, type Metrics } from '../../../src/telemetry/metrics.js'
import { createRefusalCounter } from '../../../src/telemetry/refusal-counter.js'
import { modelInfoOf } from '../../helpers/model-info.js'
import { FakeSession } from '../protocols/shared/fake-session.js'

const RESULT: InferenceResult = { status: 3, payloads: [] }
const RESULT_BEGUN: InferenceResult = { status: 0, payloads: [] }
const request = (model = 'svcName', version?: string): InferenceRequest => {
  return { model, ...(version !== undefined && { version }), parameters: {}, payloads: [], accepts: [] }
}
const ctx: RequestContext = { sid: 'sid-1', protocol: 'ase', signal: new AbortController().signal }

function setUp(once: InferenceService['once'] = async () => RESULT, { stream, open }: Streaming = STREAMING) {
  const metrics = createMetrics({ version: '1.2.3' })
  const told: [string, Reason][] = []
  const refusals = { add: (model: string, { reason }: ServiceError) => void told.push([model, reason]) }
  const info = modelInfoOf('svcName')
  const model = (name: string, version = '1') => {
    if (!['', 'svcName', 'alias'].includes(name)) throw new ServiceError('model_unknown')
    if (version !== '1') throw new ServiceError('version_unknown')
    return info
  }
  const inference = instrumentInference({ models: () => [info], model, once, stream, open }, metrics, refusals)
  return { metrics, inference, refusals, told }
}

const LABELS = 'model="svcName",version="1",protocol="ase"'
const counted = (metrics: Metrics) => samples(metrics, 'aiservice_requests_total')
const inFlight = async (metrics: Metrics) =>
  Number((await samples(metrics, 'aiservice_requests_in_flight'))[0]?.split(' ').at(-1))

async function* failing(error: ServiceError): AsyncGenerator<InferenceResult> {
  yield RESULT_BEGUN
  throw error
}

type Streaming = Pick<InferenceService, 'stream' | 'open'>

function unexpected(): never {
  throw new Error('the test expects no such call')
}
const STREAMING: Streaming = { stream: unexpected, open: unexpected }

/** The samples of one metric, without the comments. */
async function samples(metrics: Metrics, name: string): Promise<string[]> {
  const text = await metrics.render()
  return text.split('\n').filter(line => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
}

test('counts requests by model, protocol and code, and hands result and error through unchanged', async () => {
  const refusal = new ServiceError('no_slot')
  const outcomes = [RESULT, refusal, RESULT, new TypeError('bug')]
  const { metrics, inference } = setUp(async () => {
    const outcome = outcomes.shift()
    if (outcome instanceof Error) throw outcome
    return outcome as InferenceResult
  })
  expect(await inference.once(request(), ctx)).toBe(RESULT)
  await expect(inference.once(request(), ctx)).rejects.toBe(refusal)
  await inference.once(request(''), { ...ctx, protocol: 'xsf' })
  await expect(inference.once(request(), ctx)).rejects.toThrow('bug')

  expect(await samples(metrics, 'aiservice_requests_total')).toEqual([
    'aiservice_requests_total{model="svcName",version="1",protocol="ase",code="ok"} 1',
    'aiservice_requests_total{model="svcName",version="1",protocol="ase",code="no_slot"} 1',
    'aiservice_requests_total{model="svcName",version="1",protocol="ase",code="internal"} 1',
    'aiservice_requests_total{model="svcName",version="1",protocol="xsf",code="ok"} 1',
  ])
})

test('names that no model has share one label', async () => {
  const { metrics, inference } = setUp(async () => {
    throw new ServiceError('model_unknown')
  })
  for (const name of ['a', 'b', 'c"} 1']) await expect(inference.once(request(name), ctx)).rejects.toThrow()
  expect(await samples(metrics, 'aiservice_requests_total')).toEqual([
    'aiservice_requests_total{model="unknown",version="",protocol="ase",code="model_unknown"} 3',
  ])
})

test('an alias counts as its model, and an unknown version has no series of its own', async () => {
  const { metrics, inference } = setUp()
  await inference.once(request('alias', '1'), ctx)
  for (const version of ['7', '8']) await inference.once(request('alias', version), ctx)
  expect(await samples(metrics, 'aiservice_requests_total')).toEqual([
    'aiservice_requests_total{model="svcName",version="1",protocol="ase",code="ok"} 1',
    'aiservice_requests_total{model="svcName",version="",protocol="ase",code="ok"} 2',
  ])
})

test('counts the loads of a model that failed', async () => {
  const { metrics } = setUp()
  metrics.loadFailed('svcName', '2')
  metrics.loadFailed('svcName', '2')
  const name = 'aiservice_model_loads_failed_total'
  expect(await samples(metrics, name)).toEqual([`${name}{model="svcName",version="2"} 2`])
})

test('tallies the requests to a version of a model, through all front-ends together', async () => {
  const failing = async (request: InferenceRequest) => {
    if (request.parameters['fail']) throw new ServiceError('wrapper_failed')
    return RESULT
  }
  const { metrics, inference } = setUp(failing)
  const begun = Date.now()
  await inference.once(request(), ctx)
  await inference.once(request('alias', '1'), { ...ctx, protocol: 'oip' })
  await inference.once({ ...request(), parameters: { fail: 'yes' } }, ctx).catch(() => {})
  const tallies = metrics.tallies('svcName', '1')
  expect(tallies).toMatchObject({ ok: { count: 2 }, failed: { count: 1 } })
  expect(tallies.ok.durationMs).toBeGreaterThan(0)
  expect(tallies.lastBegun).toBeGreaterThanOrEqual(begun)
  expect(metrics.tallies('svcName', '2')).toMatchObject({ lastBegun: 0, ok: { count: 0 }, failed: { count: 0 } })
})

describe('a stream', () => {
  async function* stream(): AsyncGenerator<InferenceResult> {
    yield { status: 0, payloads: [] }
    yield { status: 2, payloads: [] }
  }
  const crashed = new ServiceError('plugin_crashed')

  test.each([
    ['ok', 'with its last result', stream, 2],
    ['cancelled', 'when its reader leaves before the last result', stream, 1],
    ['plugin_crashed', 'with the reason for which it fails', () => failing(crashed), 2],
  ] as const)('counts as %s %s', async (code, _when, results, reads) => {
    const { metrics, inference } = setUp(undefined, { ...STREAMING, stream: results })
    const reading = async () => {
      let read = 0
      for await (const _result of inference.stream(request(), ctx)) {
        read += 1
        if (read === reads) break
      }
    }
    if (code === 'plugin_crashed') await expect(reading()).rejects.toBe(crashed)
    else await reading()
    expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="${code}"} 1`])
    expect(await inFlight(metrics)).toBe(0)
  })
})

describe('a session', () => {
  const openOf = (session: FakeSession): Streaming => ({ ...STREAMING, open: async () => session })
  const sessionRequest = { model: 'svcName', parameters: {}, accepts: [] }

  test('counts as one request that is in flight until its last result', async () => {
    const fake = new FakeSession(() => {})
    const { metrics, inference } = setUp(undefined, openOf(fake))
    const session = await inference.open(sessionRequest, ctx)
    await session.write({ payloads: [], last: false })
    expect(fake.frames).toHaveLength(1)
    expect(await inFlight(metrics)).toBe(1)
    fake.give(1)
    fake.give(2)
    const statuses: number[] = []
    for await (const { status } of session.results) statuses.push(status)
    session.abort(new ServiceError('cancelled'))
    expect(statuses).toEqual([1, 2])
    expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="ok"} 1`])
    expect(await inFlight(metrics)).toBe(0)
  })

  test.each([
    ['ok', (session: Session) => session.close()],
    ['cancelled', (session: Session) => session.abort(new ServiceError('cancelled'))],
  ])('counts as %s when its client ends it so', async (code, endSession) => {
    const fake = new FakeSession(() => {})
    const { metrics, inference } = setUp(undefined, openOf(fake))
    endSession(await inference.open(sessionRequest, ctx))
    expect(fake.ended).toBeDefined()
    expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="${code}"} 1`])
  })

  test('counts as the reason for which it fails, told to the reader of its results', async () => {
    const fake = new FakeSession(() => {})
    const { metrics, inference } = setUp(undefined, openOf(fake))
    const session = await inference.open(sessionRequest, ctx)
    const reason = new ServiceError('session_timeout')
    fake.abort(reason)
    await expect(session.results[Symbol.asyncIterator]().next()).rejects.toBe(reason)
    session.close()
    expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="session_timeout"} 1`])
  })

  test('counts as the reason for which it fails, although nobody reads its results', async () => {
    const fake = new FakeSession(() => {})
    const { metrics, inference } = setUp(undefined, openOf(fake))
    await inference.open(sessionRequest, ctx)
    fake.give(1)
    fake.abort(new ServiceError('plugin_crashed'))
    await fake.failed
    expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="plugin_crashed"} 1`])
    expect(await inFlight(metrics)).toBe(0)
  })

  test('that is not opened counts as the reason', async () => {
    const open = () => Promise.reject(new ServiceError('no_slot'))
    const { metrics, inference } = setUp(undefined, { ...STREAMING, open })
    await expect(inference.open(sessionRequest, ctx)).rejects.toMatchObject({ reason: 'no_slot' })
    expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="no_slot"} 1`])
  })
})

test('counts what front-ends refuse, without a duration, and tells of those for whom there was no room', async () => {
  const { metrics, refusals, told } = setUp()
  const onFailure = createRefusalCounter(metrics, refusals)
  onFailure('ase', 'svcName', new ServiceError('body_not_json'))
  onFailure('ase', undefined, new ServiceError('path_unknown'))
  onFailure('ase', undefined, new ServiceError('path_unknown'))
  onFailure('mindspore', 'svcName', new ServiceError('not_ready'))
  expect(await samples(metrics, 'aiservice_requests_total')).toEqual([
    'aiservice_requests_total{model="svcName",version="",protocol="ase",code="body_not_json"} 1',
    'aiservice_requests_total{model="unknown",version="",protocol="ase",code="path_unknown"} 2',
    'aiservice_requests_total{model="svcName",version="",protocol="mindspore",code="not_ready"} 1',
  ])
  expect(told).toEqual([['svcName', 'not_ready']])
  expect(await samples(metrics, 'aiservice_request_duration_seconds_count')).toEqual([])
})

test('does not count again what the core has counted, nor tell of it again', async () => {
  const failure = new ServiceError('no_slot')
  const { metrics, inference, refusals, told } = setUp(() => Promise.reject(failure))
  await expect(inference.once(request(), ctx)).rejects.toBe(failure)
  createRefusalCounter(metrics, refusals)('ase', 'svcName', failure)
  expect(await counted(metrics)).toEqual([`aiservice_requests_total{${LABELS},code="no_slot"} 1`])
  expect(told).toEqual([['svcName', 'no_slot']])
})

test('knows how many requests are in flight and how long they took', async () => {
  let answer = () => {}
  const { metrics, inference } = setUp(
    () =>
      new Promise(resolve => {
        answer = () => resolve(RESULT)
      }),
  )
  const labels = LABELS
  const result = inference.once(request(), ctx)
  expect(await samples(metrics, 'aiservice_requests_in_flight')).toEqual([`aiservice_requests_in_flight{${labels}} 1`])
  answer()
  await result
  expect(await samples(metrics, 'aiservice_requests_in_flight')).toEqual([`aiservice_requests_in_flight{${labels}} 0`])
  const name = 'aiservice_request_duration_seconds'
  expect(await samples(metrics, `${name}_count`)).toEqual([`${name}_count{${labels}} 1`])
})

test('puts a duration into the bucket of its seconds', async () => {
  const { metrics } = setUp()
  const series = metrics.requests('svcName', '1', 'ase')
  series.begin()
  series.end('ok', 40)
  const buckets = await samples(metrics, 'aiservice_request_duration_seconds_bucket')
  expect(buckets.find(line => line.includes('le="0.025"'))).toMatch(/ 0$/)
  expect(buckets.find(line => line.includes('le="0.05"'))).toMatch(/ 1$/)
})

test('renders the gauges of a model as they are now, and forgets a replica or a model that is gone', async () => {
  const { metrics } = setUp()
  const [up, down] = [
    { up: true, crashLoop: false },
    { up: false, crashLoop: true },
  ]
  let replicas = [up, down]
  const forget = metrics.observeModel('svcName', '1', {
    slots: () => 64,
    slotsInUse: () => 3,
    queueLength: () => 2,
    replicas: () => replicas,
  })
  expect(await samples(metrics, 'aiservice_slots')).toEqual(['aiservice_slots{model="svcName",version="1"} 64'])
  expect(await samples(metrics, 'aiservice_slots_in_use')).toEqual([
    'aiservice_slots_in_use{model="svcName",version="1"} 3',
  ])
  expect(await samples(metrics, 'aiservice_queue_length')).toEqual([
    'aiservice_queue_length{model="svcName",version="1"} 2',
  ])
  expect(await samples(metrics, 'aiservice_plugin_up')).toEqual([
    'aiservice_plugin_up{model="svcName",version="1",replica="0"} 1',
    'aiservice_plugin_up{model="svcName",version="1",replica="1"} 0',
  ])
  expect(await samples(metrics, 'aiservice_plugin_crash_loop')).toEqual([
    'aiservice_plugin_crash_loop{model="svcName",version="1",replica="0"} 0',
    'aiservice_plugin_crash_loop{model="svcName",version="1",replica="1"} 1',
  ])
  replicas = [up]
  expect(await samples(metrics, 'aiservice_plugin_up')).toEqual([
    'aiservice_plugin_up{model="svcName",version="1",replica="0"} 1',
  ])
  forget()
  for (const name of ['aiservice_slots', 'aiservice_plugin_up']) expect(await samples(metrics, name)).toEqual([])
})

test('says what runs and how the process is, in a registry of its own', async () => {
  const { metrics } = setUp()
  expect(await samples(metrics, 'aiservice_build_info')).toEqual([
    `aiservice_build_info{version="1.2.3",node="${process.version}"} 1`,
  ])
  expect(await samples(metrics, 'process_resident_memory_bytes')).toHaveLength(1)
  expect(metrics.contentType).toMatch(/^text\/plain; version=0\.0\.4/)
  const other = createMetrics({ version: '1.2.4' })
  expect(await samples(other, 'aiservice_build_info')).not.toEqual(await samples(metrics, 'aiservice_build_info'))
})

test('counts what there was no room for by priority, and how long those waited who got a slot', async () => {
  const refusals = [new ServiceError('no_slot'), new ServiceError('rate_limited'), new ServiceError('cancelled')]
  const { metrics, inference } = setUp(async () => {
    throw refusals.shift()
  })
  for (const priority of [9, undefined, 1]) {
    await inference.once(request(), { ...ctx, ...(priority && { priority }) }).catch(() => {})
  }
  metrics.waited('svcName', '1', 70)
  expect(await samples(metrics, 'aiservice_requests_turned_away_total')).toEqual([
    'aiservice_requests_turned_away_total{model="svcName",version="1",priority="9",code="no_slot"} 1',
    'aiservice_requests_turned_away_total{model="svcName",version="1",priority="5",code="rate_limited"} 1',
  ])
  expect(await samples(metrics, 'aiservice_queue_wait_seconds_sum')).toEqual([
    'aiservice_queue_wait_seconds_sum{model="svcName",version="1"} 0.07',
  ])
})
