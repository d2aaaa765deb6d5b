import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { ReplicaStatus } from '../core/backend.js'
import type { Reason } from '../core/error.js'
import { type RequestTallies, sumTallies } from './request-tallies.js'
import { createWrapperMetrics, type WrapperSeries } from './wrapper-metrics.js'

/** Upper bounds in seconds: from an echo (0.3 ms) to the longest once call that the defaults allow. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

/** What is read of a model whenever the metrics are rendered. */
export interface ModelGauges {
  slots(): number
  slotsInUse(): number
  /** Requests that wait for a slot. */
  queueLength(): number
  /** In the order of their numbers. */
  replicas(): readonly ReplicaStatus[]
}

/** The requests to one version of a model through one front-end. */
export interface RequestSeries {
  /** A request begins. */
  begin(): void
  /** It has ended, for whatever reason, `durationMs` after it began. */
  end(code: Reason | 'ok', durationMs: number): void
  /** One was refused before it began: it is counted, and has no duration. */
  refuse(reason: Reason): void
}

/** Metrics of one daemon in a registry of their own. */
export interface Metrics {
  /** Content type of what `render` gives. */
  readonly contentType: string
  /** Everything in the Prometheus text format, gauges as they are now. */
  render(): Promise<string>
  /** Renders the gauges of a version of a model from now on; returns the function that ends that. */
  observeModel(model: string, version: string, gauges: ModelGauges): () => void
  /** The plugins of a version of a model were to be started, and did not. */
  loadFailed(model: string, version: string): void
  /**
   * The series for a model's name and version as the daemon knows them (never a client's spelling) and a front-end's
   * name. The version is empty for requests that are refused before it is known.
   */
  requests(model: string, version: string, protocol: string): RequestSeries
  /** A request to a version of a model got its slot after it had waited for it, in ms. */
  waited(model: string, version: string, ms: number): void
  /** A request was refused because there was no room for it. */
  turnedAway(model: string, version: string, priority: number, reason: Reason): void
  /** A request of an app has ended. @param app the id of a configured app, never what a client made up */
  appRequest(app: string, code: Reason | 'ok'): void
  /** What the wrapper of a version of a model reports by itself. */
  wrapper(model: string, version: string): WrapperSeries
  /** What has become of the requests to a version of a model, through all front-ends together. */
  tallies(model: string, version: string): RequestTallies
}

export interface MetricsOptions {
  /** The daemon's version, for `aiservice_build_info`. */
  readonly version: string
}

/** Makes the registry, with the process's own metrics (`process_*`, `nodejs_*`) in it. */
export function createMetrics({ version }: MetricsOptions): Metrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  new Gauge({
    name: 'aiservice_build_info',
    help: 'Always 1; the labels say what runs.',
    labelNames: ['version', 'node'],
    registers,
  }).set({ version, node: process.version }, 1)
  const observeModel = createModelGauges(registers)
  const { requests, tallies } = createRequestMetrics(registers)
  const loadsFailed = new Counter({
    name: 'aiservice_model_loads_failed_total',
    help: 'Times that the plugins of a model were to be started, at the start or by an operator, and did not.',
    labelNames: ['model', 'version'],
    registers,
  })
  const queueWait = new Histogram({
    name: 'aiservice_queue_wait_seconds',
    help: 'How long requests waited for a slot, of those that had to and got one.',
    labelNames: ['model', 'version'],
    buckets: DURATION_BUCKETS,
    registers,
  })
  const refusals = new Counter({
    name: 'aiservice_requests_turned_away_total',
    help: 'Requests that were refused because there was no room for them, by priority and reason.',
    labelNames: ['model', 'version', 'priority', 'code'],
    registers,
  })
  const ofApps = new Counter({
    name: 'aiservice_app_requests_total',
    help: 'Requests of an app that ended, by reason; only where clients have to say whose a request is.',
    labelNames: ['app', 'code'],
    registers,
  })
  return {
    contentType: registry.contentType,
    render: () => registry.metrics(),
    observeModel,
    wrapper: createWrapperMetrics(registers),
    loadFailed: (model, version) => loadsFailed.inc({ model, version }),
    waited: (model, version, ms) => queueWait.observe({ model, version }, ms / 1000),
    turnedAway: (model, version, priority, code) => refusals.inc({ model, version, priority, code }),
    appRequest: (app, code) => ofApps.inc({ app, code }),
    requests,
    tallies,
  }
}

function createModelGauges(registers: Registry[]): Metrics['observeModel'] {
  const models = new Set<{ readonly model: string; readonly version: string; readonly gauges: ModelGauges }>()
  const gauge = (name: string, help: string, read: (gauges: ModelGauges) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['model', 'version'],
      registers,
      collect() {
        // Models may have gone.
        this.reset()
        for (const { model, version, gauges } of models) this.set({ model, version }, read(gauges))
      },
    })
  gauge('aiservice_slots', 'Licence slots of a model.', gauges => gauges.slots())
  gauge('aiservice_slots_in_use', 'Licence slots that requests hold.', gauges => gauges.slotsInUse())
  gauge('aiservice_queue_length', 'Requests that wait for a slot.', gauges => gauges.queueLength())
  const replicaGauge = (name: string, help: string, read: (replica: ReplicaStatus) => boolean) =>
    new Gauge({
      name,
      help,
      labelNames: ['model', 'version', 'replica'],
      registers,
      collect() {
        // The number of replicas may have shrunk.
        this.reset()
        for (const { model, version, gauges } of models) {
          for (const [replica, status] of gauges.replicas().entries()) {
            this.set({ model, version, replica }, read(status) ? 1 : 0)
          }
        }
      },
    })
  replicaGauge('aiservice_plugin_up', '1 when a replica would take a request now, 0 when not.', ({ up }) => up)
  replicaGauge(
    'aiservice_plugin_crash_loop',
    '1 when the start of a replica has failed five times in a row or more, 0 when not.',
    ({ crashLoop }) => crashLoop,
  )
  return (model, version, gauges) => {
    const entry = { model, version, gauges }
    models.add(entry)
    return () => models.delete(entry)
  }
}

type Labels = Readonly<Record<'model' | 'version' | 'protocol', string>>

interface CountedSeries extends RequestSeries, RequestTallies {
  readonly labels: Labels
  readonly inFlight: number
  /** How many have ended, by reason. */
  readonly ended: ReadonlyMap<string, number>
}

function createRequestMetrics(registers: Registry[]): Pick<Metrics, 'requests' | 'tallies'> {
  const known = new Map<string, CountedSeries>()
  new Counter({
    name: 'aiservice_requests_total',
    help: 'Requests that ended, by reason ("ok" or a reason of the error catalogue).',
    labelNames: ['model', 'version', 'protocol', 'code'],
    registers,
    // Not counted there for every request: prom-client makes a text of the labels each time.
    collect() {
      this.reset()
      for (const { labels, ended } of known.values()) {
        for (const [code, count] of ended) this.inc({ ...labels, code }, count)
      }
    },
  })
  const duration = new Histogram({
    name: 'aiservice_request_duration_seconds',
    help: 'Time from the decoded request to its result or error.',
    labelNames: ['model', 'version', 'protocol'],
    buckets: DURATION_BUCKETS,
    registers,
  })
  new Gauge({
    name: 'aiservice_requests_in_flight',
    help: 'Requests that have begun and not ended.',
    labelNames: ['model', 'version', 'protocol'],
    registers,
    collect() {
      for (const { labels, inFlight } of known.values()) this.set(labels, inFlight)
    },
  })

  const createSeries = (labels: Labels) => {
    const observe = duration.labels(labels)
    const ended = new Map<string, number>()
    const count = (code: string) => ended.set(code, (ended.get(code) ?? 0) + 1)
    return {
      labels,
      ended,
      ...{ inFlight: 0, lastBegun: 0, ok: { count: 0, durationMs: 0 }, failed: { count: 0, durationMs: 0 } },
      begin() {
        this.inFlight += 1
        this.lastBegun = Date.now()
      },
      end(code: string, durationMs: number) {
        this.inFlight -= 1
        count(code)
        observe.observe(durationMs / 1000)
        const tally = code === 'ok' ? this.ok : this.failed
        tally.count += 1
        tally.durationMs += durationMs
      },
      refuse(reason: string) {
        count(reason)
      },
    }
  }

  const requests = (model: string, version: string, protocol: string) => {
    // No name holds a line break.
    const key = `${model}\n${version}\n${protocol}`
    let series = known.get(key)
    if (series === undefined) {
      series = createSeries({ model, version, protocol })
      known.set(key, series)
    }
    return series
  }
  const tallies = (model: string, version: string) => {
    return sumTallies([...known.values()].filter(({ labels }) => labels.model === model && labels.version === version))
  }
  return { requests, tallies }
}
