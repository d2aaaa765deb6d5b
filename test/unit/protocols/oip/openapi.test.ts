import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/core/model.js'
import { oipOpenApi } from '../../../../src/protocols/oip/openapi.js'
import { openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import { modelInfoOf } from '../../../helpers/model-info.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { FakeInference, mnistSchema, modelInfo } from '../shared/fake-inference.js'
import { oipServer } from './oip-server.js'

const part = (models: readonly ModelInfo[]) =>
  oipOpenApi(models, { basePath: '/v2', mayChange: true, healthIsOpen: true })

const input = (name: string, datatype: string, shape: number[], optional = false) => ({
  name,
  datatype,
  shape,
  optional,
})
const sums = (...inputs: ReturnType<typeof input>[]) => modelInfoOf('sums', { signature: { inputs, outputs: [] } })

function exampleOf(model: ModelInfo): object | undefined {
  const path = part([model]).paths[`/v2/models/${model.name}/infer`] as {
    post: { requestBody: { content: { 'application/json': { example?: object } } } }
  }
  return path.post.requestBody.content['application/json'].example
}

describe('the description', () => {
  it.each([
    ['models', [modelInfo('m', mnistSchema()), sums(input('a', 'FP32', [-1, 2]))]],
    ['no models', []],
  ])('is valid with %s', async (_what, models) => {
    expect(await openApiFaults(openApiDocument(models, [part]))).toEqual([])
  })

  it.each([
    ['a plain one', modelInfo('m', mnistSchema())],
    ['one with tensors', sums(input('a', 'FP32', [-1, 2]), input('b', 'BOOL', []), input('c', 'BYTES', [2]))],
    ['one with a tensor that may be left out', sums(input('a', 'INT64', [1]), input('b', 'BF16', [1], true))],
  ])('has an example for every model that runs as it stands: %s', async (_what, model) => {
    const inference = new FakeInference([model])
    const { post } = oipServer(inference)
    expect((await post(`/v2/models/${model.name}/infer`, exampleOf(model))).statusCode).toBe(200)
    expect(inference.requests).toHaveLength(1)
  })

  it('takes data and parameters from the example of the wrapper', () => {
    const example = { parameter: { mnist: { p1: 'eee', result: {} } }, payload: { img: { image: 'SlBFRw==' } } }
    expect(exampleOf(modelInfo('m', mnistSchema({ example })))).toMatchObject({
      parameters: { p1: 'eee' },
      inputs: [{ name: 'img', data: ['SlBFRw=='] }],
    })
  })

  it.each([
    ['JSON cannot hold it', sums(input('a', 'BF16', [1]))],
    ['it would be too long', sums(input('a', 'FP32', [3, 512, 512]))],
    ['nothing is declared', modelInfoOf('sums')],
  ])('has none where %s', (_why, model) => {
    expect(exampleOf(model)).toBeUndefined()
  })

  it('has a call of a method for a wrapper without a plain call, and nothing for one that only chats', async () => {
    const abilities = { once: false, streamingOutput: true, sessions: false, chat: true, resources: false }
    const double = { name: 'double', inputs: [input('x', 'INT64', [1])], outputs: [] }
    expect(exampleOf(modelInfoOf('m', { abilities, methods: [double] }))).toEqual({
      ...{ id: '1', parameters: { method: 'double' } },
      inputs: [{ name: 'x', datatype: 'INT64', shape: [1], data: [0] }],
    })
    const chatting = part([modelInfoOf('c', { abilities })]).paths
    expect(Object.keys(chatting).filter(path => path.endsWith('/infer'))).toEqual([
      '/v2/models/{model}/versions/{version}/infer',
    ])
  })

  it('asks for no app where the health is shown to everybody', () => {
    const described = (healthIsOpen: boolean) => {
      const { paths } = oipOpenApi([], { basePath: '/v2', mayChange: false, healthIsOpen })
      return ['/v2/health/live', '/v2/health/ready', '/v2'].map(path => {
        const { security, responses } = (paths[path] as { get: { security?: unknown; responses: object } }).get
        return [security, '401' in responses]
      })
    }
    const open = [[], false]
    const guarded = [undefined, true]
    expect(described(true)).toEqual([open, open, guarded])
    expect(described(false)).toEqual([guarded, guarded, guarded])
  })

  it('has what loads and unloads models, with the token for it, only where that may be done', () => {
    const { paths, securitySchemes } = part([])
    const security = [{ oipAdminToken: [] }]
    expect(paths).toMatchObject({
      '/v2/repository/models/{model}/load': { post: { security } },
      '/v2/repository/models/{model}/unload': { post: { security } },
    })
    expect(securitySchemes).toEqual({ oipAdminToken: { type: 'http', scheme: 'bearer' } })
    const without = oipOpenApi([], { basePath: '/v2', mayChange: false, healthIsOpen: true })
    expect(Object.keys(without.paths).filter(path => path.endsWith('load'))).toEqual([])
    expect(without).not.toHaveProperty('securitySchemes')
  })
})
