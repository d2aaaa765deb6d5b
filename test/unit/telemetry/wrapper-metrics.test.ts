import { expect, it } from 'vitest'
import { createMetrics } from '../../../src/telemetry/metrics.js'

it('takes a hundred names from a wrapper, and counts all further ones together', async () => {
  const metrics = createMetrics({ version: '0' })
  const series = metrics.wrapper('m', '1')
  for (let index = 0; index < 150; index += 1) series.count(`key-${index}`, 1)
  series.count('key-5', 2)
  series.count('key-149', 3)
  // Plugins that are started anew go on with the names that there are.
  metrics.wrapper('m', '1').count('one more', 4)
  const lines = (await metrics.render()).split('\n').filter(line => line.startsWith('aiservice_wrapper_meter_total{'))
  expect(lines).toHaveLength(101)
  expect(lines).toContain('aiservice_wrapper_meter_total{model="m",version="1",key="key-5"} 3')
  expect(lines).toContain('aiservice_wrapper_meter_total{model="m",version="1",key="other"} 57')
})
