import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/core/model.js'
import { edgeBoardOpenApi } from '../../../../src/protocols/edgeboard/openapi.js'
import { openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { FakeInference, mnistSchema, resultOf } from '../shared/fake-inference.js'
import { BASE, edgeBoardServer, hits, numberedModels, PICTURE } from './edgeboard-server.js'

const part = (models: readonly ModelInfo[]) => edgeBoardOpenApi(models, BASE)

interface Operation {
  readonly parameters: readonly { readonly name: string; readonly example: unknown; readonly description: string }[]
  readonly requestBody: { readonly content: Readonly<Record<string, { readonly example: Record<string, unknown> }>> }
}

function operation(models: readonly ModelInfo[], name: string): Operation {
  return (part(models).paths[`${BASE}/${name}`] as { post: Operation }).post
}

describe('edgeBoardOpenApi', () => {
  it.each([
    ['models', numberedModels()],
    ['no models', []],
  ])('is valid with %s', async (_what, models) => {
    expect(await openApiFaults(openApiDocument(models, [part]))).toEqual([])
  })

  it('has an example that runs, with the picture of the wrapper’s own example', async () => {
    const image = PICTURE.toString('base64')
    const schema = mnistSchema({ example: { payload: { img: { image, status: 3 } } } })
    const models = numberedModels().flatMap(model => (model.mid === 7 ? [{ ...model, schema }] : []))
    const { parameters, requestBody } = operation(models, 'base64')
    expect(parameters[0]).toMatchObject({ name: 'mid', example: 7, description: 'Number of the model: 7 is mnist' })
    const inference = new FakeInference(models, () => resultOf(hits()))
    const { server } = edgeBoardServer(inference)
    const url = `${BASE}/base64?mid=${parameters[0]?.example}`
    const payload = requestBody.content['application/json']?.example ?? {}
    expect((await server.inject({ method: 'POST', url, payload })).statusCode).toBe(200)
    expect(inference.requests[0]?.payloads[0]).toMatchObject({ key: 'img', data: PICTURE })
  })
})
