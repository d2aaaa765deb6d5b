import { Counter, Gauge, type Registry } from 'prom-client'

/** Numbers that the wrapper of one version of a model reports, by names of its own choice. */
export interface WrapperSeries {
  /** Adds to a counter; `amount` may be 0, but not negative. */
  count(key: string, amount: number): void
  /** Sets a gauge. */
  set(key: string, value: number): void
}

/** How many names a wrapper may use for its counters, and as many for its gauges. */
const MOST_KEYS = 100
/** What stands in the label `key` for all further ones: a wrapper must not be able to make up series without end. */
const FURTHER_KEYS = 'other'

/** Makes the metrics `aiservice_wrapper_meter_total` and `aiservice_wrapper_metric`. */
export function createWrapperMetrics(registers: Registry[]): (model: string, version: string) => WrapperSeries {
  const labelNames = ['model', 'version', 'key']
  const meter = new Counter({
    name: 'aiservice_wrapper_meter_total',
    help: 'What the wrapper counted as to be charged for, by its own names.',
    labelNames,
    registers,
  })
  const metric = new Gauge({
    name: 'aiservice_wrapper_metric',
    help: 'Metrics that the wrapper reports, by its own names: the last value.',
    labelNames,
    registers,
  })
  // Of a model, not of its plugins, which come and go.
  const known = new Map<string, WrapperSeries>()
  return (model, version) => {
    const name = JSON.stringify([model, version])
    const series = known.get(name) ?? createSeries(model, version)
    known.set(name, series)
    return series
  }

  function createSeries(model: string, version: string): WrapperSeries {
    const meterKey = boundedKeys()
    const metricKey = boundedKeys()
    return {
      count: (key, amount) => meter.inc({ model, version, key: meterKey(key) }, amount),
      set: (key, value) => metric.set({ model, version, key: metricKey(key) }, value),
    }
  }
}

function boundedKeys(): (key: string) => string {
  const keys = new Set<string>()
  return key => {
    if (keys.has(key)) return key
    if (keys.size === MOST_KEYS) return FURTHER_KEYS
    keys.add(key)
    return key
  }
}
