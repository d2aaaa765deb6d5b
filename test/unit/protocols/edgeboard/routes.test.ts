import { describe, expect, it } from 'vitest'
import { REASONS, type Reason, ServiceError } from '../../../../src/core/error.js'
import { EDGEBOARD_CODES } from '../../../../src/protocols/edgeboard/error-map.js'
import { HTTP_STATUS } from '../../../../src/protocols/shared/http-status.js'
import { FakeInference, resultOf, textOutput } from '../shared/fake-inference.js'
import { BASE, DRAWN, edgeBoardServer, formOf, HIT, hits, numberedModels, PICTURE } from './edgeboard-server.js'

const found = () => new FakeInference(numberedModels(), () => resultOf(hits()))
const base64 = PICTURE.toString('base64')
const SUCCESS = { code: 0, data: { result: [HIT] }, msg: 'success' }

async function post(inference: FakeInference, path: string, payload: unknown, headers = {}) {
  const { server } = edgeBoardServer(inference)
  const body = Buffer.isBuffer(payload) || typeof payload === 'string' ? payload : JSON.stringify(payload)
  const response = await server.inject({ method: 'POST', url: BASE + path, payload: body, headers })
  return { http: response.statusCode, body: response.json(), type: response.headers['content-type'] }
}

describe('a picture in base64', () => {
  it('reaches the model that mid numbers, at the image of its schema', async () => {
    const inference = found()
    const { http, body, type } = await post(inference, '/base64?mid=7', { image: base64, show: false })
    expect({ http, body, type }).toEqual({ http: 200, body: SUCCESS, type: 'application/json; charset=utf-8' })
    const attributes = { encoding: 'png' }
    expect(inference.requests).toEqual([
      {
        model: 'mnist',
        parameters: { sid: expect.any(String) },
        payloads: [{ key: 'img', type: 'image', status: 3, attributes, data: PICTURE }],
        accepts: [],
      },
    ])
  })

  it('goes to the input image of a model without a schema, and may be of a kind that we do not know', async () => {
    const inference = found()
    await post(inference, '/base64?mid=0', { image: 'aGVsbG8=' })
    expect(inference.requests[0]?.payloads).toEqual([
      { key: 'image', type: 'image', status: 3, attributes: {}, data: Buffer.from('hello') },
    ])
  })

  it.each(['/base64?mid=7', '/base64/mid=7', '/base64/mid=7?show=0', '/base64?mid=7?show=0', '/base64?show=0&mid=7'])(
    'is taken at %s',
    async path => {
      const inference = found()
      expect(await post(inference, path, { image: base64 })).toMatchObject({ http: 200, body: SUCCESS })
      expect(inference.requests[0]?.model).toBe('mnist')
    },
  )

  it.each([
    [true, true],
    ['true', true],
    [1, true],
    ['1', true],
    [false, false],
    ['yes', false],
    ['TRUE', false],
    [2, false],
    [null, false],
    [{}, false],
    [undefined, false],
  ])('shows the drawn picture for show %j: %j', async (show, isShown) => {
    const inference = new FakeInference(numberedModels(), () => resultOf(DRAWN, hits()))
    const { body } = await post(inference, '/base64?mid=7', { image: base64, show })
    expect(body.data).toEqual(isShown ? { result: [HIT], image: 'AQID' } : { result: [HIT] })
    expect(inference.requests[0]?.parameters['show']).toBe(isShown ? '1' : undefined)
  })

  it('leaves the picture out when the model draws none', async () => {
    const { body } = await post(found(), '/base64?mid=7', { image: base64, show: true })
    expect(body).toEqual(SUCCESS)
  })

  it.each([
    ['no JSON', '{', 'body_not_json', 'JSON'],
    ['a list', '[]', 'body_not_json', 'object'],
    ['no picture', '{}', 'input_missing', 'image'],
    ['a number as picture', '{"image": 1}', 'payload_undecodable', 'image: must be a string in base64'],
    ['bad base64', '{"image": "a?"}', 'payload_undecodable', 'image: illegal base64 data at input byte 1'],
    ['a data: prefix', '{"image": "data:image/jpg;base64,AQID"}', 'payload_undecodable', "'data:image/jpg;base64,'"],
  ] as const)('is refused with %s', async (_what, payload, reason, text) => {
    const { http, body } = await post(found(), '/base64?mid=7', payload)
    expect({ http, code: body.code, data: body.data }).toEqual({
      http: HTTP_STATUS[reason],
      code: EDGEBOARD_CODES[reason],
    })
    expect(body.msg).toContain(text)
  })
})

describe('a picture as it is', () => {
  it.each([undefined, 'image/jpeg', 'image/jpg', 'application/octet-stream', 'application/json', 'garbage'])(
    'may have the content type %j',
    async type => {
      const inference = found()
      const headers = type === undefined ? {} : { 'content-type': type }
      expect(await post(inference, '/binary?mid=7&show=0', PICTURE, headers)).toMatchObject({ body: SUCCESS })
      expect(inference.requests[0]?.payloads[0]?.data).toEqual(PICTURE)
    },
  )

  it('may be the one file of a form, whatever its field is called', async () => {
    const inference = found()
    const { payload, headers } = await formOf({ anything: PICTURE, note: 'a field' })
    expect(await post(inference, '/binary?mid=7', payload, headers)).toMatchObject({ body: SUCCESS })
    expect(inference.requests[0]?.payloads[0]?.data).toEqual(PICTURE)
  })

  it.each([
    ['/binary?mid=7&show=1', true],
    ['/binary?mid=7?show=1', true],
    ['/binary/mid=7?show=true', true],
    ['/binary?mid=7&show=0', false],
    ['/binary?mid=7&show=yes', false],
    ['/binary?mid=7&show=', false],
    ['/binary?mid=7', false],
  ])('at %s is shown drawn: %j', async (path, isShown) => {
    const inference = new FakeInference(numberedModels(), () => resultOf(hits(), DRAWN))
    const { body } = await post(inference, path, PICTURE)
    expect(body.data.image).toBe(isShown ? 'AQID' : undefined)
  })

  it('hands everything else in the query to the wrapper', async () => {
    const inference = found()
    await post(inference, '/binary?mid=7?show=1&threshold=0.5', PICTURE)
    const { sid: _sid, ...parameters } = inference.requests[0]?.parameters ?? {}
    expect(parameters).toEqual({ show: '1', threshold: '0.5' })
  })

  it('is missing in an empty body and in a form without a file, and one too many in a form with two', async () => {
    const none = await formOf({ file: 'text' })
    const two = await formOf({ a: PICTURE, b: PICTURE })
    expect((await post(found(), '/binary?mid=7', '')).body.code).toBe(EDGEBOARD_CODES.input_missing)
    expect((await post(found(), '/binary?mid=7', none.payload, none.headers)).body.code).toBe(
      EDGEBOARD_CODES.input_missing,
    )
    expect((await post(found(), '/binary?mid=7', two.payload, two.headers)).body.code).toBe(
      EDGEBOARD_CODES.payload_undecodable,
    )
  })

  it('is refused past the limit of a body, alone and in a form', async () => {
    const large = Buffer.alloc(70_000)
    const { payload, headers } = await formOf({ file: large })
    const expected = { http: 413, body: { code: EDGEBOARD_CODES.message_too_large } }
    expect(await post(found(), '/binary?mid=7', large)).toMatchObject(expected)
    expect(await post(found(), '/binary?mid=7', payload, headers)).toMatchObject(expected)
  })
})

describe('the model', () => {
  it.each([
    ['', 'parameter_missing', 'mid: is missing'],
    ['?mid=', 'schema_violation', 'mid: must be the number of a model'],
    ['?mid=mnist', 'schema_violation', 'mid: must be the number of a model'],
    ['?mid=-1', 'schema_violation', 'mid: must be the number of a model'],
    ['?mid=1&mid=2', 'schema_violation', 'mid: is given twice'],
    ['/mid=1?mid=2', 'schema_violation', 'mid: is given twice'],
    ['?mid=3', 'model_unknown', 'no model has the mid 3; there is 0 (plain), 7 (mnist)'],
  ] as const)('is not found by %j', async (query, reason, text) => {
    const { http, body } = await post(found(), `/binary${query}`, PICTURE)
    expect({ http, code: body.code }).toEqual({ http: HTTP_STATUS[reason], code: EDGEBOARD_CODES[reason] })
    expect(body.msg).toContain(text)
  })
})

describe('several models', () => {
  it('run at the same time and answer in the order of mids', async () => {
    const running = new Set<string>()
    let meet = () => {}
    const both = new Promise<void>(resolve => {
      meet = resolve
    })
    const inference = new FakeInference(numberedModels(), async ({ model, parameters }) => {
      running.add(model)
      if (running.size === 2) meet()
      await both
      return resultOf(hits({ result: model === 'mnist' ? 7 : 3 }), ...(parameters['show'] ? [DRAWN] : []))
    })
    const { payload, headers } = await formOf({ file: PICTURE, mids: '[7, 0]' })
    const { body } = await post(inference, '/multipart?show=1', payload, headers)
    const location = { left: 0, top: 0, width: 225, height: 224 }
    const seven = { index: 7, label: '7', score: 1, location }
    const three = { index: 3, label: '3', score: 1, location }
    expect(body).toEqual({
      code: 0,
      data: [
        { model_id: 7, result: [seven], image: 'AQID' },
        { model_id: 0, result: [three], image: 'AQID' },
      ],
      msg: 'success',
    })
  })

  it('fail one by one, by their own fault or by an output that is none', async () => {
    const inference = new FakeInference(numberedModels(), ({ model }) => {
      if (model === 'mnist') throw new ServiceError('wrapper_failed', 'no digit', { wrapperRet: 40004 })
      return resultOf(textOutput('not JSON'))
    })
    const { server, logged, refused } = edgeBoardServer(inference)
    const form = await formOf({ file: PICTURE, mids: '[7,0]' })
    const { statusCode, ...response } = await server.inject({ method: 'POST', url: `${BASE}/multipart`, ...form })
    expect(statusCode).toBe(200)
    expect(response.json()).toEqual({
      code: 0,
      data: [
        { model_id: 7, code: EDGEBOARD_CODES.wrapper_failed, msg: 'no digit (code 40004)' },
        { model_id: 0, code: EDGEBOARD_CODES.output_mismatch, msg: expect.stringContaining('must be JSON') },
      ],
      msg: 'success',
    })
    expect(
      logged()
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['output_mismatch', 'wrapper_failed'])
    expect(refused).toEqual([])
  })

  it('do not run at all when one of them does not exist', async () => {
    const inference = found()
    const { payload, headers } = await formOf({ file: PICTURE, mids: '[7,8]' })
    const { http, body } = await post(inference, '/multipart', payload, headers)
    expect({ http, code: body.code, data: body.data }).toEqual({ http: 404, code: EDGEBOARD_CODES.model_unknown })
    expect(inference.requests).toEqual([])
  })

  it.each([
    ['no mids', { file: PICTURE }, 'parameter_missing'],
    ['mids that are no JSON', { file: PICTURE, mids: '0,7' }, 'schema_violation'],
    ['no list', { file: PICTURE, mids: '7' }, 'schema_violation'],
    ['an empty list', { file: PICTURE, mids: '[]' }, 'schema_violation'],
    ['names', { file: PICTURE, mids: '["mnist"]' }, 'schema_violation'],
    ['a number twice', { file: PICTURE, mids: '[7,7]' }, 'schema_violation'],
    ['a thousand numbers', { file: PICTURE, mids: JSON.stringify([...Array(1000).keys()]) }, 'model_unknown'],
    ['no file', { mids: '[7]' }, 'input_missing'],
    ['a file in another field', { picture: PICTURE, mids: '[7]' }, 'input_missing'],
  ] as const)('are refused with %s', async (_what, parts, reason) => {
    const { payload, headers } = await formOf(parts)
    const inference = found()
    const { http, body } = await post(inference, '/multipart', payload, headers)
    expect({ http, code: body.code }).toEqual({ http: HTTP_STATUS[reason], code: EDGEBOARD_CODES[reason] })
    expect(inference.requests).toEqual([])
  })

  it.each(['/multipart', '/binary?mid=7'])('at %s are refused in a form whose boundary is broken', async path => {
    const { payload } = await formOf({ file: PICTURE, mids: '[7]' })
    for (const type of ['multipart/form-data', 'multipart/form-data; boundary=another']) {
      const { http, body } = await post(found(), path, payload, { 'content-type': type })
      expect({ http, code: body.code }).toEqual({ http: 400, code: EDGEBOARD_CODES.payload_undecodable })
    }
  })

  it('are refused in a body that is no form', async () => {
    const { body } = await post(found(), '/multipart', PICTURE, { 'content-type': 'image/png' })
    expect(body).toEqual({
      code: EDGEBOARD_CODES.payload_undecodable,
      msg: expect.stringContaining('multipart/form-data'),
    })
  })
})

describe('an error', () => {
  it.each(Object.keys(REASONS) as Reason[])('has its own code for %s', async reason => {
    const inference = new FakeInference(numberedModels(), () => {
      throw new ServiceError(reason, 'why')
    })
    const { http, body } = await post(inference, '/binary?mid=7', PICTURE)
    expect({ http, body }).toEqual({ http: HTTP_STATUS[reason], body: { code: EDGEBOARD_CODES[reason], msg: 'why' } })
  })

  it('has a number that is no other reason’s, and never 0', () => {
    const codes = Object.values(EDGEBOARD_CODES)
    expect(new Set(codes).size).toBe(codes.length)
    expect(codes).not.toContain(0)
  })

  it('answers paths and methods that do not exist', async () => {
    const { server } = edgeBoardServer(found())
    const unknown = await server.inject({ method: 'POST', url: `${BASE}/nothing` })
    const get = await server.inject({ method: 'GET', url: `${BASE}/base64?mid=7` })
    expect(unknown.json()).toMatchObject({ code: EDGEBOARD_CODES.path_unknown })
    expect(get.json()).toMatchObject({ code: EDGEBOARD_CODES.method_not_allowed })
    expect(get.headers['allow']).toBe('POST')
  })
})
