import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/core/model.js'
import { adminRoutes } from '../../../../src/protocols/admin/routes.js'
import { createHttpServer } from '../../../../src/protocols/shared/http-server.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { modelInfo } from '../shared/fake-inference.js'

const READY = modelInfo('a')
const WHY = { ready: false, why: 'starting' } as const
const STARTING: ModelInfo = modelInfoOf('b', { readiness: WHY })
const TWO_VERSIONS = modelInfoOf('c', {
  versions: [
    { version: '2', readiness: WHY },
    { version: '1', readiness: { ready: true } },
  ],
})
const UP = { ready: true, versions: { 1: { ready: true } } }
const DOWN = { ...WHY, versions: { 1: WHY } }

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
    ['every model is ready', [READY], false, 200, { a: UP }],
    ['one model is not', [READY, STARTING], false, 200, { a: UP, b: DOWN }],
    ['no model is', [STARTING], false, 503, { b: DOWN }],
    [
      'one version is not',
      [TWO_VERSIONS],
      false,
      200,
      { c: { ready: true, versions: { 2: WHY, 1: { ready: true } } } },
    ],
    ['the daemon drains', [READY], true, 503, { a: UP }],
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
