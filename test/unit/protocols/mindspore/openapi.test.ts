import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/core/model.js'
import { mindSporeOpenApi } from '../../../../src/protocols/mindspore/openapi.js'
import { openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { FakeInference } from '../shared/fake-inference.js'
import { post, servedModels } from './mindspore-server.js'

const part = (models: readonly ModelInfo[]) => mindSporeOpenApi(models, '/')

interface Item {
  readonly post: {
    readonly requestBody: { readonly content: { readonly 'application/json': { readonly example: unknown } } }
  }
}

describe('mindSporeOpenApi', () => {
  it.each([
    ['models', servedModels()],
    ['no models', []],
  ])('is valid with %s', async (_what, models) => {
    expect(await openApiFaults(openApiDocument(models, [part]))).toEqual([])
  })

  it('has every method of every model, each with an example that the model takes', async () => {
    const models = servedModels().filter(({ readiness }) => readiness.ready)
    const { paths } = part(models)
    expect(Object.keys(paths)).toEqual([
      '/model/plain:predict',
      '/model/mnist:predict',
      '/model/math:predict',
      '/model/math:add',
      '/model/math:open',
    ])
    for (const [path, item] of Object.entries(paths)) {
      const { example } = (item as Item).post.requestBody.content['application/json']
      const { http, text } = await post(new FakeInference(models), path, example)
      expect(http, `${path}: ${text}`).toBe(200)
    }
  })
})
