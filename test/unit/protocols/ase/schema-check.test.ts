import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import type { ModelSchema } from '../../../../src/core/model.js'
import { parseBody } from '../../../../src/protocols/ase/codec.js'
import { SchemaCheck } from '../../../../src/protocols/ase/schema-check.js'
import { goldenFile } from '../../../helpers/golden.js'
import { mnistSchema, modelInfo } from '../shared/fake-inference.js'

function checker() {
  const lines: string[] = []
  const schemas = new SchemaCheck(pino({}, { write: line => lines.push(line) }))
  const check = (json: unknown, schema: ModelSchema = mnistSchema()) =>
    schemas.check(modelInfo('svcName', schema), parseBody(Buffer.from(JSON.stringify(json))))
  return { check, lines }
}

const request = (changes: object = {}) => ({
  header: { uid: 'u', status: 3 },
  parameter: { svcName: { p1: 'eee' } },
  payload: { img: { encoding: 'jpg', status: 3, image: 'AAEC' } },
  ...changes,
})

const fails = (json: unknown, schema?: ModelSchema) => {
  try {
    checker().check(json, schema)
  } catch (error) {
    return error
  }
  throw new Error('the request was accepted')
}

describe('SchemaCheck', () => {
  it('accepts a good request under either name of the service, without an app id', () => {
    const { check, lines } = checker()
    check(request())
    check(request({ parameter: { mnist: { p1: '3' } } }))
    expect(lines).toEqual([])
  })

  it('accepts the seed request against the schema of a wrapper that declares numbers and strings', () => {
    const json = JSON.parse(goldenFile('seed-request.json').toString())
    const { request: _request, ...schema } = mnistSchema()
    const header = {
      type: 'object',
      properties: { status: { type: 'integer', enum: [0, 1, 2, 3] } },
      required: ['app_id'],
    }
    checker().check(json, { ...schema, request: { type: 'object', properties: { header } } })
  })

  it.each([
    [{ parameter: { svcName: { p1: '4' } } }, 'parameter.svcName.p1: must be equal to one of "3", "eee"'],
    [{ parameter: { mnist: { p1: '4' } } }, 'parameter.mnist.p1: must be equal to one of "3", "eee"'],
    [{ parameter: { svcName: { p1: '3' }, mnist: { p1: 4 } } }, 'parameter.mnist.p1: must be string'],
    [{ parameter: {} }, "parameter: must have required property 'svcName'"],
    [
      { parameter: { svcName: { p1: '3', p2: 'abcde' } } },
      'parameter.svcName.p2: must NOT have more than 4 characters',
    ],
    [{ parameter: { svcName: { p1: '3', p2: '' } } }, 'parameter.svcName.p2: must NOT have fewer than 1 characters'],
    [{ header: {} }, "header: must have required property 'uid'"],
    [{ header: { uid: 5 } }, 'header.uid: must be string'],
    [{ payload: {} }, "payload: must have required property 'img'"],
    [{ payload: { img: { image: '' } } }, 'payload.img.image: must NOT have fewer than 1 characters'],
    [{ payload: { img: { encoding: 'gif', image: 'AAEC' } } }, 'payload.img.encoding: must be equal to one of "jpg"'],
    [{ payload: { img: { status: 0, image: 'AAEC' } } }, 'payload.img.status: must be equal to one of 3'],
  ])('answers %j with the path and the rule', (changes, message) => {
    expect(fails(request(changes))).toMatchObject({
      reason: 'schema_violation',
      message: expect.stringContaining(message),
    })
  })

  it.each([
    [{ zzz: { p1: '4' } }, 'parameter.zzz.p1: must be equal to one of'],
    [{ svcName: { p1: '3' }, zzz: { p2: 'abcde' } }, 'parameter.zzz.p2: must NOT have more than 4 characters'],
    [{ mnist: { p1: '3' }, zzz: { p2: 5 } }, 'parameter.zzz.p2: must be string'],
    [{ svcName: { p1: '3', p2: null }, zzz: { p2: 5 } }, 'parameter.zzz.p2: must be string'],
    [{ svcName: { p1: '3' }, zzz: { p2: { a: 1 } } }, 'parameter.zzz.p2: must be string'],
    [{ svcName: { p1: '4' }, zzz: { p1: '3' } }, 'parameter.svcName.p1: must be equal to one of'],
    [{ svcName: { p2: 'a' }, zzz: { q: 1 } }, "parameter.svcName: must have required property 'p1'"],
    [{ zzz: {} }, "parameter: must have required property 'svcName'"],
  ])('checks the parameters of all services as the wrapper gets them: %j', (parameter, message) => {
    expect(fails(request({ parameter }))).toMatchObject({
      reason: 'schema_violation',
      message: expect.stringContaining(message),
    })
  })

  it.each([
    [{ svcName: { p1: '3' }, zzz: { p1: '4', x: -5 } }],
    [{ svcName: { p2: 'a' }, zzz: { p1: '3' } }],
    [{ svcName: { p1: '3' }, zzz: { p2: null } }],
    [{ zzz: { p1: '3' } }],
  ])('accepts what is good once it is merged: %j', parameter => {
    checker().check(request({ parameter }))
  })

  it("names another service's parameter that a closed service does not have", () => {
    const closed = { type: 'object', properties: { p: {} }, additionalProperties: false }
    const parameter = { type: 'object', properties: { mnist: closed } }
    const schema = mnistSchema({ request: { type: 'object', properties: { parameter } } })
    expect(fails(request({ parameter: { svcName: { p: 1 }, zzz: { q: 1 } } }), schema)).toMatchObject({
      message: "parameter.zzz: must NOT have the property 'q'",
    })
  })

  it('exempts an object or array under a data key from its declared type', () => {
    checker().check(request({ payload: { img: { image: { a: 1 } } } }))
    checker().check(request({ payload: { img: { image: [1] } } }))
  })

  it('counts characters, not UTF-16 units', () => {
    const { check } = checker()
    check(request({ parameter: { svcName: { p1: '3', p2: '😀😀😀😀' } } }))
    expect(fails(request({ parameter: { svcName: { p1: '3', p2: '😀😀😀😀😀' } } }))).toBeInstanceOf(Error)
  })

  it('names the property that a closed object does not have, and escapes in paths', () => {
    const closed = { type: 'object', properties: { 'a/b~c': { type: 'object', additionalProperties: false } } }
    const schema = mnistSchema({ request: { type: 'object', properties: { header: closed } } })
    expect(fails(request({ header: { 'a/b~c': { x: 1 } } }), schema)).toMatchObject({
      message: "header.a/b~c: must NOT have the property 'x'",
    })
  })

  it('logs a schema that cannot be compiled once, and takes everything then', () => {
    const schema = mnistSchema({ request: { type: 'no-such-type' } })
    const { check, lines } = checker()
    check(request(), schema)
    check({ payload: {} }, schema)
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] as string)).toMatchObject({ level: 40, model: 'svcName' })
  })

  it('compiles a schema with a dialect or an id of its own', () => {
    const { $schema, $id } = { $schema: 'http://json-schema.org/draft-04/schema#', $id: 'x' }
    const schema = mnistSchema({ request: { $schema, $id, type: 'object', required: ['header'] } })
    expect(fails({ payload: {} }, schema)).toMatchObject({ message: "body: must have required property 'header'" })
  })

  it('takes everything as long as the schema is not known', () => {
    new SchemaCheck(pino({ level: 'silent' })).check(modelInfo('svcName'), parseBody(Buffer.from('{}')))
  })
})
