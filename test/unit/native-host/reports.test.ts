import { pino } from 'pino'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createMetrics } from '../../../src/telemetry/metrics.js'
import { nativeSet, once, withSession } from './native-set.js'

const lines: Record<string, unknown>[] = []
const log = pino({ level: 'debug', base: null }, { write: line => void lines.push(JSON.parse(line)) })
const metrics = createMetrics({ version: '0' })
const { set, close } = nativeSet({ log, series: metrics.wrapper('native', '1') })
beforeAll(() => set.start())
afterAll(close)

it('what an engine reports through the callbacks of wrapperSetCtrl becomes metrics, and log lines with the sid', async () => {
  await once(set, { do: 'report' }, { sid: 'first' })
  await once(set, { do: 'report' }, { sid: 'second' })
  await vi.waitFor(() => expect(lines.filter(line => line['trace'] === 'step')).toHaveLength(2))
  expect(lines.filter(line => line['meter'] ?? line['metric'] ?? line['trace']).slice(0, 4)).toMatchObject([
    { level: 30, sid: 'first', meter: 'seconds', count: 3 },
    { level: 20, sid: 'first', metric: 'load', value: '0.75' },
    { level: 20, sid: 'first', metric: 'phase', value: 'warm' },
    { level: 30, sid: 'first', trace: 'step', msg: 'decoded' },
  ])
  const text = await metrics.render()
  expect(text).toContain('aiservice_wrapper_meter_total{model="native",version="1",key="seconds"} 6')
  expect(text).toContain('aiservice_wrapper_metric{model="native",version="1",key="load"} 0.75')
  expect(text).not.toContain('phase')
})

it('the debug information of a session is a log line with its sid', async () => {
  await withSession(set, {}, async () => {})
  await vi.waitFor(() =>
    expect(lines).toContainEqual(
      expect.objectContaining({ sid: 'session', trace: 'wrapperDebugInfo', msg: 'frames=0' }),
    ),
  )
})
