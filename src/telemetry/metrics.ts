import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Reason } from '../core/error.js'

/** Upper bounds in seconds: from an echo (0.3 ms) to the longest once call that the defaults allow. */
const DURATION_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120]

/** What is read of a model whenever the metrics are rendered. */
export interface ModelGauges {
  slots(): number
  slotsInUse(): number
  /** Requests that wait for a slot. */
  queueLength(): number
  /** One entry per replica, in the order of their numbers: whether it would take a request now. */
  replicasUp(): readonly boolean[]
}

/** The requests to one model through one front-end. */
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
  /** Renders the gauges of a model from now on; a second call for the same model replaces the first. */
  observeModel(model: string, gauges: ModelGauges): void
  /** The series for a model's name as the daemon knows it (never a client's spelling) and a front-end's name. */
  requests(model: string, protocol: string): RequestSeries
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
  const requests = createRequestMetrics(registers)
  return { contentType: registry.contentType, render: () => registry.metrics(), observeModel, requests }
}

function createModelGauges(registers: Registry[]): Metrics['observeModel'] {
  const models = new Map<string, ModelGauges>()
  const gauge = (name: string, help: string, read: (gauges: ModelGauges) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers,
      collect() {
        for (const [model, gauges] of models) this.set({ model }, read(gauges))
      },
    })
  gauge('aiservice_slots', 'Licence slots of a model.', gauges => gauges.slots())
  gauge('aiservice_slots_in_use', 'Licence slots that requests hold.', gauges => gauges.slotsInUse())
  gauge('aiservice_queue_length', 'Requests that wait for a slot.', gauges => gauges.queueLength())
  new Gauge({
    name: 'aiservice_plugin_up',
    help: '1 when a replica would take a request now, 0 when not.',
    labelNames: ['model', 'replica'],
    registers,
    collect() {
      // The number of replicas may have shrunk.
      this.reset()
      for (const [model, gauges] of models) {
        for (const [replica, up] of gauges.replicasUp().entries()) this.set({ model, replica }, up ? 1 : 0)
      }
    },
  })
  return (model, gauges) => models.set(model, gauges)
}

function createRequestMetrics(registers: Registry[]): Metrics['requests'] {
  const total = new Counter({
    name: 'aiservice_requests_total',
    help: 'Requests that ended, by reason ("ok" or a reason of the error catalogue).',
    labelNames: ['model', 'protocol', 'code'],
    registers,
  })
  const duration = new Histogram({
    name: 'aiservice_request_duration_seconds',
    help: 'Time from the decoded request to its result or error.',
    labelNames: ['model', 'protocol'],
    buckets: DURATION_BUCKETS,
    registers,
  })
  const known = new Map<string, Map<string, RequestSeries & { readonly inFlight: number }>>()
  new Gauge({
    name: 'aiservice_requests_in_flight',
    help: 'Requests that have begun and not ended.',
    labelNames: ['model', 'protocol'],
    registers,
    collect() {
      for (const [model, byProtocol] of known) {
        for (const [protocol, { inFlight }] of byProtocol) this.set({ model, protocol }, inFlight)
      }
    },
  })

  // Children are resolved once: looking labels up costs more than counting.
  const createSeries = (model: string, protocol: string) => {
    const observe = duration.labels(model, protocol)
    const byCode = new Map<string, Counter.Internal>()
    const counterOf = (code: string) => {
      let counter = byCode.get(code)
      if (counter === undefined) {
        counter = total.labels(model, protocol, code)
        byCode.set(code, counter)
      }
      return counter
    }
    return {
      inFlight: 0,
      begin() {
        this.inFlight += 1
      },
      end(code: string, durationMs: number) {
        this.inFlight -= 1
        counterOf(code).inc()
        observe.observe(durationMs / 1000)
      },
      refuse(reason: string) {
        counterOf(reason).inc()
      },
    }
  }

  return (model, protocol) => {
    let byProtocol = known.get(model)
    if (byProtocol === undefined) {
      byProtocol = new Map()
      known.set(model, byProtocol)
    }
    let series = byProtocol.get(protocol)
    if (series === undefined) {
      series = createSeries(model, protocol)
      byProtocol.set(protocol, series)
    }
    return series
  }
}
