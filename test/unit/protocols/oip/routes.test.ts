import { describe, expect, it } from 'vitest'
import { ServiceError } from '../../../../src/core/error.js'
import type { ModelInfo } from '../../../../src/core/model.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { FakeInference, mnistSchema, modelInfo } from '../shared/fake-inference.js'
import { ADMIN_TOKEN, oipServer } from './oip-server.js'

const READY = { ready: true } as const
const AUTHORIZED = { authorization: `Bearer ${ADMIN_TOKEN}` }

function unexpected(): never {
  throw new Error('the test expects no such call')
}
const WAITING = { ready: false, why: 'it starts' } as const

const TENSORS = modelInfoOf('sums', {
  version: '3',
  versions: [
    { version: '3', readiness: READY },
    { version: '2', readiness: WAITING },
  ],
  abilities: { once: true, streamingOutput: true, sessions: false, chat: false, resources: false },
  signature: {
    inputs: [
      { name: 'a', datatype: 'FP32', shape: [-1, 2], optional: false },
      { name: 'names', datatype: 'BYTES', shape: [-1], optional: true },
    ],
    outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1], optional: false }],
  },
})

const serve = (models: ModelInfo[], options = {}) => oipServer(new FakeInference(models), options)

describe('the server', () => {
  it('says who it is and what it can', async () => {
    expect((await serve([]).get('/v2')).json()).toEqual({
      name: 'aiservice',
      version: '1.2.3',
      extensions: ['model_repository', 'model_configuration', 'binary_tensor_data', 'parameters', 'statistics'],
    })
  })

  it.each([
    ['all its models are', [TENSORS], false, 200],
    ['only some of them are', [TENSORS, modelInfoOf('m', { readiness: WAITING })], false, 200],
    ['none of them is', [modelInfoOf('m', { readiness: WAITING })], false, 503],
    ['it stops', [TENSORS], true, 503],
    ['it has none', [], false, 503],
  ])('is live, and ready or not when %s', async (_name, models, draining, status) => {
    const { get } = serve(models, { isDraining: () => draining })
    expect((await get('/v2/health/live')).statusCode).toBe(200)
    expect((await get('/v2/health/ready')).statusCode).toBe(status)
  })

  it('answers below another base path when that is configured', async () => {
    const { get } = serve([TENSORS], { basePath: '/oip' })
    expect((await get('/oip/models/sums/ready')).statusCode).toBe(200)
    expect((await get('/v2/models/sums/ready')).statusCode).toBe(404)
  })

  it.each([
    ['GET', '/v2/nothing', 404],
    ['GET', '/v2/models/sums/infer', 405],
    ['POST', '/v2/health/live', 405],
  ] as const)('refuses %s %s in its own form', async (method, url, status) => {
    const response = await serve([TENSORS]).server.inject({ method, url })
    expect(response.statusCode).toBe(status)
    expect(response.json()).toEqual({ error: expect.any(String) })
  })
  it.each([
    ['GET', '/v2/systemsharedmemory/status', /^shared memory is not there/],
    ['POST', '/v2/cudasharedmemory/region/r/register', /^shared memory is not there/],
    ['GET', '/v2/trace/setting', /^traces are not there/],
    ['POST', '/v2/models/sums/trace/setting', /^traces are not there/],
    ['GET', '/v2/logging', /configuration/],
  ] as const)('says of what it does not have that it does not: %s %s', async (method, url, text) => {
    const response = await serve([TENSORS]).server.inject({ method, url })
    expect(response.statusCode).toBe(400)
    expect(response.json()).toEqual({ error: expect.stringMatching(text) })
  })
})

describe('a model', () => {
  it('shows the tensors of its signature', async () => {
    expect((await serve([TENSORS]).get('/v2/models/sums')).json()).toEqual({
      name: 'sums',
      versions: ['3', '2'],
      platform: 'aiges',
      inputs: [
        { name: 'a', datatype: 'FP32', shape: [-1, 2] },
        { name: 'names', datatype: 'BYTES', shape: [-1] },
      ],
      outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1] }],
    })
  })

  it('without a signature shows the texts and files of its schema', async () => {
    expect((await serve([modelInfo('m', mnistSchema())]).get('/v2/models/m/versions/1')).json()).toMatchObject({
      inputs: [{ name: 'img', datatype: 'BYTES', shape: [1] }],
      outputs: [{ name: 'result', datatype: 'BYTES', shape: [1] }],
    })
  })

  it('shows texts and files of its schema beside its tensors', async () => {
    const mixed = { ...TENSORS, schema: mnistSchema() }
    expect((await serve([mixed]).get('/v2/models/sums')).json()).toMatchObject({
      inputs: [{ name: 'a' }, { name: 'names' }, { name: 'img', datatype: 'BYTES', shape: [1] }],
      outputs: [{ name: 'sum' }, { name: 'result', datatype: 'BYTES', shape: [1] }],
    })
  })

  it('has a configuration', async () => {
    expect((await serve([TENSORS]).get('/v2/models/sums/config')).json()).toEqual({
      name: 'sums',
      platform: 'aiges',
      backend: 'aiges',
      version_policy: { specific: { versions: [3, 2] } },
      max_batch_size: 0,
      input: [
        { name: 'a', data_type: 'TYPE_FP32', dims: [-1, 2], optional: false },
        { name: 'names', data_type: 'TYPE_STRING', dims: [-1], optional: true },
      ],
      output: [{ name: 'sum', data_type: 'TYPE_FP32', dims: [-1] }],
      model_transaction_policy: { decoupled: true },
    })
  })

  it.each([
    ['/v2/models/sums/ready', 200, { name: 'sums', ready: true }],
    ['/v2/models/sums/versions/3/ready', 200, { name: 'sums', ready: true }],
    ['/v2/models/sums/versions/2/ready', 503, { error: 'sums is not ready: it starts' }],
    ['/v2/models/sums/versions/9/ready', 404, { error: 'the model has no such version' }],
    ['/v2/models/nobody/ready', 404, { error: 'no such service' }],
    ['/v2/models/nobody', 404, { error: 'no such service' }],
    ['/v2/models/nobody/config', 404, { error: 'no such service' }],
    ['/v2/models/nobody/stats', 404, { error: 'no such service' }],
  ])('%s is answered with %d', async (url, status, body) => {
    const response = await serve([TENSORS]).get(url)
    expect(response.statusCode).toBe(status)
    expect(response.json()).toEqual(body)
  })

  it('has the counts of its requests, by version', async () => {
    const none = { count: 0, durationMs: 0 }
    const tallies = (_model: string, version: string) => {
      return version === '3'
        ? { lastBegun: 1_700_000_000_000, ok: { count: 2, durationMs: 3.5 }, failed: none }
        : { lastBegun: 0, ok: none, failed: { count: 1, durationMs: 1 } }
    }
    const { get } = serve([TENSORS, modelInfo('m')], { tallies })
    const counted = {
      name: 'sums',
      version: '3',
      last_inference: 1_700_000_000_000,
      inference_count: 2,
      execution_count: 2,
      inference_stats: { success: { count: 2, ns: 3_500_000 }, fail: { count: 0, ns: 0 } },
    }
    expect((await get('/v2/models/sums/versions/3/stats')).json()).toEqual({ model_stats: [counted] })
    const versions = (await get('/v2/models/sums/stats')).json().model_stats
    expect(versions).toMatchObject([counted, { version: '2', inference_stats: { fail: { count: 1, ns: 1_000_000 } } }])
    const all = (await get('/v2/models/stats')).json().model_stats
    expect(all.map(({ name, version }: { name: string; version: string }) => [name, version])).toEqual([
      ['sums', '3'],
      ['sums', '2'],
      ['m', '1'],
    ])
  })
})

describe('the repository', () => {
  it('lists every version with its state', async () => {
    const { post } = serve([TENSORS])
    const ready = { name: 'sums', version: '3', state: 'READY', reason: '' }
    const waiting = { name: 'sums', version: '2', state: 'UNAVAILABLE', reason: 'it starts' }
    expect((await post('/v2/repository/index')).json()).toEqual([ready, waiting])
    expect((await post('/v2/repository/index', { ready: true })).json()).toEqual([ready])
    expect((await post('/v2/repository/index', { ready: 1 })).json()).toEqual({ error: 'ready: must be true or false' })
  })

  it('loads and unloads models', async () => {
    const done: string[] = []
    const admin = {
      load: async (model: string) => void done.push(`load ${model}`),
      unload: async (model: string) => void done.push(`unload ${model}`),
    }
    const { post } = serve([TENSORS], { admin })
    expect((await post('/v2/repository/models/sums/unload', '', AUTHORIZED)).statusCode).toBe(200)
    expect((await post('/v2/repository/models/sums/load', { parameters: {} }, AUTHORIZED)).statusCode).toBe(200)
    expect(done).toEqual(['unload sums', 'load sums'])
  })

  it('unloads nothing for a body that is no object', async () => {
    const { post } = serve([TENSORS], { admin: { load: unexpected, unload: unexpected } })
    const refused = await post('/v2/repository/models/sums/unload', '[]', AUTHORIZED)
    expect([refused.statusCode, refused.json()]).toEqual([400, { error: 'the body is not a JSON object' }])
  })

  it.each([
    ['without the token', ADMIN_TOKEN, {}, 401],
    ['with another one', ADMIN_TOKEN, { authorization: 'Bearer other' }, 401],
    ['where the admin API is off', undefined, AUTHORIZED, 403],
  ])('leaves them as they are for a caller %s', async (_who, adminToken, headers, status) => {
    const { post } = serve([TENSORS], { adminToken, admin: { load: unexpected, unload: unexpected } })
    expect((await post('/v2/repository/models/sums/load', '', headers)).statusCode).toBe(status)
    expect((await post('/v2/repository/models/sums/unload', '', headers)).statusCode).toBe(status)
  })

  it('says why a model cannot be loaded, and takes no configuration for it', async () => {
    const load = async () => {
      throw new ServiceError('misconfigured', 'it does not start')
    }
    const { post } = serve([TENSORS], { admin: { load, unload: load } })
    const failed = await post('/v2/repository/models/sums/load', '', AUTHORIZED)
    expect([failed.statusCode, failed.json()]).toEqual([500, { error: 'it does not start' }])
    for (const name of ['config', 'file:1/model.onnx']) {
      const refused = await post('/v2/repository/models/sums/load', { parameters: { [name]: '{}' } }, AUTHORIZED)
      expect(refused.json().error).toBe(`parameter '${name}': a model is loaded as it is configured here`)
    }
  })
})
