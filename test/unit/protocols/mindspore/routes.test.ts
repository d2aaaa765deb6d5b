import { describe, expect, it } from 'vitest'
import { REASONS, type Reason, ServiceError } from '../../../../src/core/error.js'
import { MINDSPORE_WORDING } from '../../../../src/protocols/mindspore/error-map.js'
import { HTTP_STATUS } from '../../../../src/protocols/shared/http-status.js'
import { FakeInference, resultOf, textOutput } from '../shared/fake-inference.js'
import { mindSporeServer, post, servedModels } from './mindspore-server.js'

const PREDICT = '/model/plain:predict'
const ONE = { instances: [{ a: 'x' }] }
const echo = () =>
  new FakeInference(servedModels(), ({ payloads: [first] }) => resultOf(textOutput(String(first?.data))))
const failing = (reason: Reason, message = 'why') =>
  new FakeInference(servedModels(), () => {
    throw new ServiceError(reason, message)
  })

describe('the path', () => {
  it.each([
    ['/model/plain:predict', 'plain', undefined, undefined],
    ['/model/plain/version/3:predict', 'plain', '3', undefined],
    ['/version/3/model/plain:predict', 'plain', '3', undefined],
    ['/model/plain/version/0:predict', 'plain', undefined, undefined],
    ['/model/math:open', 'math', undefined, 'open'],
  ])('%s names model, version and method', async (url, model, version, method) => {
    const inference = echo()
    expect((await post(inference, url, ONE)).http).toBe(200)
    const [request] = inference.requests
    expect([request?.model, request?.version, request?.method]).toEqual([model, version, method])
  })

  it('may lie below a base path, and is wrong anywhere else below it', async () => {
    const { server } = mindSporeServer(echo(), '/ms')
    const ask = (url: string) => server.inject({ method: 'POST', url, payload: ONE })
    expect((await ask('/ms/model/plain:predict')).statusCode).toBe(200)
    expect((await ask('/ms/x/:predict')).json()).toEqual({
      error_msg: 'please check url, the keyword:[model] must contain.',
    })
    expect((await ask('/ms')).json()).toEqual({ error_msg: 'please check url, the keyword:[model] must contain.' })
    expect((await ask('/model/plain:predict')).json()).toEqual({ error: expect.any(String) })
  })

  it('leaves it to the model whether a request waits while its plugin is being restarted', async () => {
    const readiness = { ready: false, why: 'the plugin is starting' } as const
    const abilities = { once: true, streamingOutput: false, sessions: false, chat: false, resources: false }
    const models = servedModels().map(model => ({ ...model, readiness, abilities }))
    const inference = new FakeInference(models, () => resultOf(textOutput('late')))
    expect((await post(inference, PREDICT, ONE)).http).toBe(200)
    expect(inference.requests).toHaveLength(1)
  })

  it.each([
    ['/model/nobody:predict', 404, 'servable is not available'],
    ['/model/plain/version/9:predict', 404, 'servable is not available: '],
    ['/model/down:predict', 503, 'servable is not available: down: it starts'],
    ['/model/plain:nothing', 404, "method is not available: plain has no method 'nothing'; it has predict"],
    ['/model/math:nothing', 404, 'it has predict, add, open'],
    ['/model/chat:predict', 404, 'it has none'],
    ['/model/plain', 404, 'please check url, the keyword:[service method] must contain.'],
    ['/model', 404, 'please check url, the keyword:[model] must contain.'],
    ['/version/1:predict', 404, 'please check url, the keyword:[model] must contain.'],
    [
      '/model/plain/version/-1:predict',
      404,
      'please check url, version number range failed, request version number -1',
    ],
  ])('%s is answered with %i', async (url, http, text) => {
    const answer = await post(echo(), url, ONE)
    expect(answer).toMatchObject({ http, body: { error_msg: expect.stringContaining(text) } })
  })

  it('leaves predict to a wrapper that has a method of that name', async () => {
    const inference = echo()
    inference.served = servedModels().map(model => ({
      ...model,
      methods: [{ name: 'predict', inputs: [], outputs: [] }],
    }))
    await post(inference, PREDICT, ONE)
    expect(inference.requests[0]?.method).toBe('predict')
  })

  it('has no predict where the wrapper has no plain call', async () => {
    const inference = echo()
    const abilities = { once: false, streamingOutput: false, sessions: false, chat: true, resources: false }
    inference.served = servedModels().map(model => ({ ...model, abilities }))
    const { body } = await post(inference, PREDICT, ONE)
    expect(body.error_msg).toContain('method is not available')
  })
})

describe('the body', () => {
  it.each([
    ['{"instances":[{"a":"x"},{"a":"y"}]}', ['x', 'y']],
    ['{"instances":[{"a":"x"}]}', ['x']],
    ['{"instances":{"a":"x"}}', ['x']],
  ])('%s has its answers in order', async (payload, texts) => {
    const { body, headers } = await post(echo(), PREDICT, payload)
    expect(body).toEqual({ instances: texts.map(result => ({ result })) })
    expect(headers['content-type']).toBe('application/json; charset=utf-8')
  })

  it.each([
    ['', 'Illegal JSON format. '],
    ['{', 'Illegal JSON format. '],
    ['[]', 'Illegal JSON format. the body must be an object'],
    ['"instances"', 'Illegal JSON format. the body must be an object'],
    ['{}', "the body must have the key 'instances'"],
    ['{"instance":[{"a":1}]}', "the body must have the key 'instances'"],
    ['{"instances":[{"a":1}],"x":1}', "the body must have the key 'instances' alone, but has 'x'"],
    ['{"instances":[{"a":1}],"instances":[{"a":2}]}', 'Illegal JSON format. '],
    ['{"instances":[]}', 'instances is empty'],
    ['{"instances":{}}', 'instances[0] is empty'],
    ['{"instances":[{"a":1},{}]}', 'instances[1] is empty'],
    ['{"instances":[{"a":1},1]}', 'instances[1] must be an object'],
    ['{"instances":[{"a":NaN}]}', 'Illegal JSON format. '],
    ['{"instances":[{"a":[1.0,-Infinity]}]}', 'Illegal JSON format. '],
    ['{"instances":1}', 'instances must be a list of objects'],
    ['{"instances":null}', 'instances must be a list of objects'],
    ['{"instances":[[1]]}', 'instances[0] must be an object'],
    ['{"instances":[{"a":null}]}', "instances[0]: tensor 'a': its value is null"],
  ])('is refused when it is %s', async (payload, text) => {
    const inference = echo()
    const { http, body } = await post(inference, PREDICT, payload)
    expect({ http, body }).toEqual({ http: 400, body: { error_msg: expect.stringContaining(text) } })
    expect(body.error_msg).toMatch(/^Parse request failed, /)
    expect(inference.requests).toEqual([])
  })

  it.each([undefined, 'application/json', 'application/x-www-form-urlencoded', 'text/plain', 'garbage'])(
    'may have the content type %j',
    async type => {
      const { server } = mindSporeServer(echo())
      const headers = type === undefined ? {} : { 'content-type': type }
      const payload = Buffer.from(JSON.stringify(ONE))
      expect((await server.inject({ method: 'POST', url: PREDICT, payload, headers })).statusCode).toBe(200)
    },
  )

  it('that is not UTF-8 is refused', async () => {
    const { server } = mindSporeServer(echo())
    const payload = Buffer.from('{"instances":[{"a":"\xff"}]}', 'latin1')
    const response = await server.inject({ method: 'POST', url: PREDICT, payload })
    expect(response.json().error_msg).toBe('Parse request failed, Illegal JSON format. the body is not UTF-8')
  })

  it('past the limit is refused with the limit', async () => {
    const { http, body } = await post(echo(), PREDICT, { instances: [{ a: 'x'.repeat(70_000) }] })
    expect({ http, body }).toEqual({ http: 413, body: { error_msg: 'http message is bigger than 65536' } })
  })

  it('is posted and nothing else', async () => {
    const { server } = mindSporeServer(echo())
    for (const method of ['GET', 'PUT', 'DELETE'] as const) {
      const response = await server.inject({ method, url: PREDICT })
      expect(response.statusCode).toBe(400)
      expect(response.json()).toEqual({ error_msg: 'http message only support POST right now' })
      expect(response.headers['allow']).toBe('POST')
    }
  })

  it('has its parameters for the wrapper in the query', async () => {
    const inference = echo()
    await post(inference, `${PREDICT}?threshold=0.5&a=b%20c`, ONE)
    expect(inference.requests[0]?.parameters).toEqual({ threshold: '0.5', a: 'b c', sid: expect.any(String) })
  })
})

describe('instances', () => {
  it('run at the same time, each with a sid of its own', async () => {
    let waiting = 0
    let release = () => {}
    const all = new Promise<void>(resolve => {
      release = resolve
    })
    const inference = new FakeInference(servedModels(), async () => {
      waiting += 1
      if (waiting === 3) release()
      await all
      return resultOf(textOutput('ok'))
    })
    const { body } = await post(inference, PREDICT, { instances: [{ a: 1 }, { a: 2 }, { a: 3 }] })
    expect(body.instances).toHaveLength(3)
    expect(new Set(inference.requests.map(({ parameters }) => parameters['sid'])).size).toBe(3)
  })

  it('are at most 32 at a time, so that one request does not fill the queue', async () => {
    let running = 0
    let most = 0
    const inference = new FakeInference(servedModels(), async ({ payloads: [first] }) => {
      running += 1
      most = Math.max(most, running)
      await new Promise(resolve => setImmediate(resolve))
      running -= 1
      return resultOf(textOutput(String(first?.data)))
    })
    const texts = Array.from({ length: 100 }, (_, index) => String(index))
    const { body } = await post(inference, PREDICT, { instances: texts.map(a => ({ a })) })
    expect(body).toEqual({ instances: texts.map(result => ({ result })) })
    expect(most).toBe(32)
  })

  it('fail alone, in their places', async () => {
    const inference = new FakeInference(servedModels(), ({ payloads: [first] }) => {
      if (String(first?.data) === 'bad')
        throw new ServiceError('wrapper_failed', 'Preprocess Failed', { wrapperRet: 40003 })
      if (String(first?.data) === 'slow') throw new ServiceError('result_timeout')
      return resultOf(textOutput('7'))
    })
    const { server, logged, refused } = mindSporeServer(inference)
    const payload = { instances: [{ a: 'good' }, { a: 'bad' }, { a: 'slow' }] }
    const response = await server.inject({ method: 'POST', url: PREDICT, payload })
    expect(response.statusCode).toBe(200)
    expect(response.json()).toEqual({
      instances: [
        { result: '7' },
        { error_msg: 'Preprocess Failed (code 40003)' },
        { error_msg: 'Time out: no result in time' },
      ],
    })
    expect(
      logged()
        .map(({ reason }) => reason)
        .sort(),
    ).toEqual(['result_timeout', 'wrapper_failed'])
    expect(refused).toEqual([])
  })

  it('all fail and the request does not', async () => {
    const { http, body } = await post(failing('wrapper_failed', 'Preprocess Failed'), PREDICT, {
      instances: [{ a: 1 }, { a: 2 }],
    })
    expect({ http, body }).toEqual({
      http: 200,
      body: { instances: [{ error_msg: 'Preprocess Failed' }, { error_msg: 'Preprocess Failed' }] },
    })
  })

  it('fail alone with an output that cannot be rendered', async () => {
    const tensor = { datatype: 'INT32', shape: [2] }
    const inference = new FakeInference(servedModels(), () => resultOf({ ...textOutput('x'), tensor }))
    const { http, body } = await post(inference, PREDICT, ONE)
    expect({ http, body }).toMatchObject({ http: 200, body: { instances: [{ error_msg: expect.any(String) }] } })
  })

  it.each([
    ['no_slot', 503],
    ['not_ready', 503],
    ['rate_limited', 429],
  ] as const)('that are all not admitted (%s) fail the request, which may be sent again', async (reason, http) => {
    const answer = await post(failing(reason), PREDICT, { instances: [{ a: 1 }, { a: 2 }] })
    expect(answer).toMatchObject({ http, body: { error_msg: expect.stringContaining('why') } })
    expect(answer.headers['retry-after']).toBe('1')
  })
})

describe('MINDSPORE_WORDING', () => {
  it('knows every reason of the catalogue, and every one has a status', () => {
    expect(Object.keys(MINDSPORE_WORDING).sort()).toEqual(Object.keys(REASONS).sort())
    expect(Object.keys(HTTP_STATUS).sort()).toEqual(Object.keys(REASONS).sort())
  })
})
