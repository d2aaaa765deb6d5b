import { describe, expect, it } from 'vitest'
import type { ModelInfo } from '../../../../src/core/model.js'
import { OpenApiCache, openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import type { OpenApiPart } from '../../../../src/protocols/shared/openapi-part.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { mnistSchema, modelInfo } from './fake-inference.js'

const part =
  (name: string) =>
  (models: readonly ModelInfo[]): OpenApiPart => ({
    tags: [{ name, description: name }],
    paths: Object.fromEntries(
      models.map(model => [
        `/${name}/${model.name}`,
        {
          get: {
            tags: [name],
            operationId: `${name}${model.name}`,
            responses: { 200: { $ref: `#/components/responses/${name}Ok` } },
          },
        },
      ]),
    ),
    schemas: { [`${name}Text`]: { type: 'string' } },
    responses: {
      [`${name}Ok`]: {
        description: 'ok',
        content: { 'text/plain': { schema: { $ref: `#/components/schemas/${name}Text` } } },
      },
    },
  })

const model = modelInfo('svcName', mnistSchema())

describe('the OpenAPI document', () => {
  it('is that of OpenAPI 3.0, with the parts of all front-ends in their order', async () => {
    const document = openApiDocument([model, modelInfo('other')], [part('one'), part('two')])
    expect(await openApiFaults(document)).toEqual([])
    expect(document).toMatchObject({
      openapi: '3.0.3',
      info: { title: 'svcName, other', version: '1.0', description: expect.stringContaining('takes `img` (image)') },
      tags: [{ name: 'one' }, { name: 'two' }],
    })
    expect(Object.keys(document['paths'] as object)).toEqual([
      '/one/svcName',
      '/one/other',
      '/two/svcName',
      '/two/other',
    ])
  })

  it('does not say that a wrapper takes nothing that only declares nothing', () => {
    const schema = { ...mnistSchema(), serviceId: 'open', version: '', inputs: new Map(), outputs: new Map() }
    const { info } = openApiDocument([modelInfo('svcName', schema)], []) as { info: { description: string } }
    expect(info.description).toContain('**svcName**: wrapper `open`.')
  })

  it('is one even without models and front-ends', async () => {
    expect(await openApiFaults(openApiDocument([], []))).toEqual([])
  })
})

describe('OpenApiCache', () => {
  it('makes a document anew only when a model changed', () => {
    const cache = new OpenApiCache([part('one')])
    const first = cache.get([model])
    const readiness = { ready: false, why: 'x' } as const
    expect(cache.get([{ ...model, readiness, versions: [{ version: '1', readiness }] }])).toBe(first)
    expect(cache.get([{ ...model, mid: 3 }])).not.toBe(first)
    expect(cache.get([{ ...model, aliases: ['b'] }])).not.toBe(first)
    expect(cache.get([modelInfo('svcName', mnistSchema())])).not.toBe(first)
    expect(cache.get([])).not.toBe(first)
  })
})
