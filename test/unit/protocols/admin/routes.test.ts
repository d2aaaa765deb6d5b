import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/core/model.js'
import { adminRoutes } from '../../../../src/protocols/admin/routes.js'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { modelInfo } from '../shared/fake-inference.js'

const READY = modelInfo('a')
const STARTING: ModelInfo = modelInfoOf('b', { readiness: { ready: false, why: 'starting' } })

function admin(models: ModelInfo[], draining = false) {
  const server = createHttpServer({ bodyLimitBytes: 100, corsOrigins: [], log: pino({ level: 'silent' }) })
  server.register(adminRoutes, {
    inference: { models: () => models },
    metrics: { contentType: 'text/plain; version=0.0.4', render: async () => 'up 1\n' },
    isDraining: () => draining,
  })
  return server
}

describe('the probes', () => {
  it('/livez is 200 whatever the models do', async () => {
    expect((await admin([STARTING], true).inject('/livez')).statusCode).toBe(200)
  })

  it.each([
    ['every model is ready', [READY], false, 200, { a: { ready: true } }],
    ['one model is not', [READY, STARTING], false, 503, { a: { ready: true }, b: { ready: false, why: 'starting' } }],
    ['the daemon drains', [READY], true, 503, { a: { ready: true } }],
    ['there is no model', [], false, 503, {}],
  ])('/readyz tells the truth when %s', async (_name, served, draining, status, models) => {
    const response = await admin(served, draining).inject('/readyz')
    expect(response.statusCode).toBe(status)
    expect(response.json()).toEqual({ ready: status === 200, draining, models })
    expect(response.headers['cache-control']).toBe('no-store')
  })

  it('/metrics is what the registry renders', async () => {
    const response = await admin([READY]).inject('/metrics')
    expect(response.body).toBe('up 1\n')
    expect(response.headers['content-type']).toBe('text/plain; version=0.0.4')
  })
})
