import type { Logger } from 'pino'
import {
  _aiges_plugin_v2_Report_Kind as Kind,
  type Report__Output as Report,
} from '../gen/plugin/aiges/plugin/v2/Report.js'
import type { WrapperSeries } from '../telemetry/wrapper-metrics.js'

/** What becomes of what wrappers report beside their results. */
export function createReportTaker(series: WrapperSeries | undefined, log: Logger): (report: Report) => void {
  return ({ kind, sid, key, value, count }) => {
    const line = log.child({ ...(sid !== '' && { sid }) })
    if (kind === Kind.TRACE) {
      line.info({ trace: key }, value)
    } else if (kind === Kind.METER) {
      line.info({ meter: key, count }, 'the wrapper has counted')
      if (count >= 0) series?.count(key, count)
      else line.warn({ meter: key, count }, 'the wrapper counted backwards, which is not added up')
    } else {
      const number = value === '' ? count : Number(value)
      line.debug({ metric: key, value: value === '' ? count : value }, 'the wrapper reports a metric')
      // A text has no place among numbers.
      if (Number.isFinite(number)) series?.set(key, number)
    }
  }
}
