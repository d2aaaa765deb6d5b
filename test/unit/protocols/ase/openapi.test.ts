import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { REASONS } from '../../../../src/core/error.js'
import type { ModelInfo } from '../../../../src/core/model.js'
import { parseBody } from '../../../../src/protocols/ase/codec.js'
import { ASE_ERRORS } from '../../../../src/protocols/ase/error-map.js'
import { exampleRequest } from '../../../../src/protocols/ase/example.js'
import { modelPaths } from '../../../../src/protocols/ase/model-paths.js'
import { aseOpenApi } from '../../../../src/protocols/ase/openapi.js'
import { openApiSchema } from '../../../../src/protocols/ase/openapi-schema.js'
import { SchemaCheck } from '../../../../src/protocols/ase/schema-check.js'
import { openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import { SAMPLE_DATA } from '../../../../src/protocols/shared/sample-data.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { mnistSchema, modelInfo } from '../shared/fake-inference.js'

/** The part of a document at a path of member names. */
function at(document: unknown, ...path: (string | number)[]): unknown {
  return path.reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], document)
}

const model = modelInfo('svcName', mnistSchema())
const post = (document: unknown) => at(document, 'paths', '/v1/svcName', 'post')
const requestOf = (document: unknown) => at(post(document), 'requestBody', 'content', 'application/json')

const describeAse = (models: readonly ModelInfo[]) => aseOpenApi(models, modelPaths('/v1'))
const documentOf = (models: readonly ModelInfo[]) => openApiDocument(models, [describeAse])

describe('the OpenAPI part of ASE', () => {
  it.each([
    ['a schema', [model]],
    ['no schema yet', [modelInfo('svcName')]],
    ['an empty schema', [modelInfo('svcName', mnistSchema({ request: {}, response: {} }))]],
    ['two models', [model, modelInfo('other', mnistSchema({ routes: ['/x'] }))]],
    ['no model', []],
  ])('keeps to OpenAPI 3.0 with %s', async (_name, models) => {
    expect(await openApiFaults(documentOf(models))).toEqual([])
  })

  it('has the paths below the base path of ASE', () => {
    expect(Object.keys(aseOpenApi([model], modelPaths('/ase')).paths)).toEqual(['/ase/svcName', '/v1/private/mnist'])
  })

  it('leaves out a model whose wrapper has neither a plain call nor sessions', () => {
    const abilities = { once: false, streamingOutput: true, sessions: false, chat: true, resources: false }
    expect(documentOf([{ ...model, abilities }])['paths']).toEqual({})
    expect(documentOf([{ ...model, abilities: { ...abilities, sessions: true } }])['paths']).not.toEqual({})
  })

  it("shows the wrapper's schema under the name by which it is served, with defaults and without the app id", () => {
    const schema = at(requestOf(documentOf([model])), 'schema', 'properties')
    expect(at(schema, 'parameter', 'required')).toEqual(['svcName'])
    expect(Object.keys(at(schema, 'parameter', 'properties') as object)).toEqual(['svcName'])
    expect(at(schema, 'parameter', 'properties', 'svcName', 'properties', 'p1')).toEqual({
      type: 'string',
      enum: ['3', 'eee'],
      default: '3',
    })
    expect(at(schema, 'header', 'required')).toEqual(['uid'])
  })

  it('asks for data, of the types that the wrapper names, whatever else its schema asks for', () => {
    const schema = at(requestOf(documentOf([model])), 'schema')
    expect(at(schema, 'required')).toContain('payload')
    expect(at(schema, 'properties', 'payload', 'minProperties')).toBe(1)
    const img = at(schema, 'properties', 'payload', 'properties', 'img')
    expect(at(img, 'required')).toContain('image')
    const data = at(img, 'properties', 'image', 'anyOf') as readonly object[]
    expect(data.map(choice => at(choice, 'type'))).toEqual(['string', 'object', 'array'])
    expect(data[0]).toMatchObject({ format: 'byte' })
  })

  it('has the headers with which clients limit and rank their requests', () => {
    const { parameters } = post(documentOf([model])) as { readonly parameters: readonly { readonly $ref: string }[] }
    const defined = at(documentOf([model]), 'components', 'parameters')
    expect(parameters.map(({ $ref }) => at(defined, $ref.split('/').at(-1) as string, 'name'))).toEqual([
      'X-Request-Timeout-Ms',
      'X-Priority',
    ])
  })

  it('describes answers as they are over HTTP', () => {
    const answer = at(post(documentOf([model])), 'responses', 200, 'content', 'application/json')
    expect(at(answer, 'schema', 'properties', 'payload', 'properties', 'result', 'properties', 'seq', 'type')).toBe(
      'string',
    )
    expect(at(answer, 'example', 'payload', 'result')).toMatchObject({
      encoding: 'utf8',
      seq: '0',
      status: '3',
      text: '',
    })
  })

  it('tells of event streams and of sessions over WebSocket', () => {
    const operation = post(documentOf([model]))
    expect(at(operation, 'responses', 200, 'content', 'text/event-stream', 'example')).toMatch(/^data: /)
    expect(at(operation, 'description')).toMatch(/`Accept: text\/event-stream`.*WebSocket/s)
  })

  it('describes every error that a client can see, under the status that it has', () => {
    const responses = at(documentOf([model]), 'components', 'responses')
    for (const [reason, { code, http }] of Object.entries(ASE_ERRORS)) {
      if (reason === 'cancelled') continue
      const { meaning, cure } = REASONS[reason as keyof typeof REASONS]
      expect(at(responses, `AseError${http}`, 'description')).toContain(
        `**${code}** (${reason}): ${meaning}. To do: ${cure}.`,
      )
      expect(
        at(responses, `AseError${http}`, 'content', 'application/json', 'examples', reason, 'value', 'header', 'code'),
      ).toBe(code)
    }
    expect(at(responses, 'AseError499')).toBeUndefined()
    expect(at(responses, 'AseError503', 'headers', 'Retry-After')).toBeDefined()
  })
})

describe('openApiSchema', () => {
  it('translates what OpenAPI 3.0 spells otherwise and drops what it does not have', () => {
    expect(
      openApiSchema({
        $schema: 'x',
        type: ['string', 'null'],
        const: 'a',
        required: [],
        exclusiveMinimum: 5,
        minimum: 1,
        anyOf: [{ type: 'array' }, { if: {} }],
        not: { defaultVal: 1 },
        additionalProperties: { type: 'no-such-type' },
      }),
    ).toEqual({
      type: 'string',
      nullable: true,
      enum: ['a'],
      minimum: 5,
      exclusiveMinimum: true,
      anyOf: [{ type: 'array', items: {} }, {}],
      not: { default: 1 },
      additionalProperties: {},
    })
  })
})

describe('exampleRequest', () => {
  it("is the wrapper's own, with its parameters under the served name", () => {
    const example = { header: { x: 1 }, parameter: { mnist: { p1: '3' }, other: {} }, payload: {} }
    expect(exampleRequest(modelInfo('svcName', mnistSchema({ example })))).toEqual({
      ...example,
      parameter: { svcName: { p1: '3' }, other: {} },
    })
  })

  it('is made up from the schema, which it satisfies, when the wrapper has none', () => {
    const example = exampleRequest(model)
    expect(example).toMatchObject({
      header: { status: 3, uid: '' },
      parameter: { svcName: { p1: '3', p2: 'a', result: { encoding: 'utf8', compress: 'raw', data_type: 'text' } } },
      payload: { img: { encoding: 'png', status: 3, image: SAMPLE_DATA.image } },
    })
    const body = parseBody(Buffer.from(JSON.stringify(example)))
    new SchemaCheck(pino({ level: 'silent' })).check(model, body)
  })

  it('has a real picture and a real sound', () => {
    const picture = Buffer.from(SAMPLE_DATA.image, 'base64')
    expect(picture.subarray(1, 4).toString()).toBe('PNG')
    expect(picture.subarray(-8, -4).toString()).toBe('IEND')
    const sound = Buffer.from(SAMPLE_DATA.audio, 'base64')
    expect(sound.subarray(0, 4).toString() + sound.subarray(8, 12).toString()).toBe('RIFFWAVE')
    expect(sound.readUInt32LE(4)).toBe(sound.length - 8)
  })

  it('is absent as long as the schema is not known', () => {
    expect(exampleRequest(modelInfo('svcName'))).toBeUndefined()
  })
})
