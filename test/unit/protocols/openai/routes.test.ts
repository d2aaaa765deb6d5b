import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { REASONS, type Reason, ServiceError } from '../../../../src/core/error.js'
import { OPENAI_ERRORS } from '../../../../src/protocols/openai/error-map.js'
import { openAiOpenApi } from '../../../../src/protocols/openai/openapi.js'
import { HTTP_STATUS } from '../../../../src/protocols/shared/http-status.js'
import { openApiDocument } from '../../../../src/protocols/shared/openapi-document.js'
import { openApiFaults } from '../../../helpers/openapi-faults.js'
import { FakeInference, modelInfo } from '../shared/fake-inference.js'
import { CHAT, chatModel, eventsOf, HELLO, openAiServer, said, saying } from './openai-server.js'

const served = () => new FakeInference([chatModel()])
const ask = (inference: FakeInference, members: object = {}) =>
  openAiServer(inference).server.inject({ ...CHAT, payload: { ...HELLO, ...members } })

const USAGE = { usage: { input: 3, output: 5 } }
const RENDERED_USAGE = { prompt_tokens: 3, completion_tokens: 5, total_tokens: 8 }

describe('a whole answer', () => {
  it('has the text of all results, why it ends, and the usage', async () => {
    const inference = saying(served(), said('Hel'), said('lo', {}), {
      ...said('!', { finish_reason: 'length' }),
      ...USAGE,
    })
    const response = await ask(inference)
    expect(response.statusCode).toBe(200)
    expect(response.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/)
    expect(response.json()).toEqual({
      id: `chatcmpl-${response.headers['x-request-id']}`,
      object: 'chat.completion',
      created: expect.any(Number),
      model: 'bot',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello!', refusal: null },
          logprobs: null,
          finish_reason: 'length',
        },
      ],
      usage: RENDERED_USAGE,
    })
  })

  it('has no usage where the model does not count, and ends with stop unless the wrapper says otherwise', async () => {
    const answer = (await ask(saying(served(), said('x')))).json()
    expect(answer).not.toHaveProperty('usage')
    expect(answer.choices[0].finish_reason).toBe('stop')
  })

  it('keeps a character that is cut in two', async () => {
    const bytes = Buffer.from('é')
    const inference = saying(served(), said(bytes.subarray(0, 1)), said(bytes.subarray(1)))
    expect((await ask(inference)).json().choices[0].message.content).toBe('é')
  })

  it('ends before a stop sequence, and what the wrapper still does is cancelled', async () => {
    const inference = served()
    let left = false
    inference.results = async function* () {
      try {
        yield said('one EN')
        yield said('D two', { finish_reason: 'length' })
        yield said('three')
      } finally {
        left = true
      }
    }
    const [choice] = (await ask(inference, { stop: 'END' })).json().choices
    expect(choice).toMatchObject({ message: { content: 'one ' }, finish_reason: 'stop' })
    expect(left).toBe(true)
  })
})

describe('a streamed answer', () => {
  it('is a chunk for every piece, then the usage if it is asked for, then [DONE]', async () => {
    const inference = saying(served(), said('Hel'), { ...said('lo', { finish_reason: 'stop' }), ...USAGE })
    const response = await ask(inference, { stream: true, stream_options: { include_usage: true } })
    expect(response.headers['content-type']).toBe('text/event-stream')
    const events = eventsOf(response.body)
    const head = { id: expect.stringMatching(/^chatcmpl-/), object: 'chat.completion.chunk', model: 'bot' }
    const choice = (delta: object, finish_reason: string | null = null) => ({
      ...head,
      choices: [{ index: 0, delta, logprobs: null, finish_reason }],
    })
    expect(events).toMatchObject([
      choice({ role: 'assistant', content: 'Hel' }),
      choice({ content: 'lo' }),
      choice({}, 'stop'),
      { ...head, choices: [], usage: RENDERED_USAGE },
      '[DONE]',
    ])
    expect((events[2] as { choices: [{ delta: object }] }).choices[0].delta).toEqual({})
  })

  it('has no usage chunk unless it is asked for and the model counts', async () => {
    const counting = saying(served(), { ...said('x'), ...USAGE })
    expect((await ask(counting, { stream: true })).body).not.toContain('usage')
    const options = { stream: true, stream_options: { include_usage: true } }
    expect((await ask(saying(served(), said('x')), options)).body).not.toContain('usage')
  })

  it('tells of an error after the first piece in a last event, and logs it', async () => {
    const { server, logged } = openAiServer(saying(served(), said('x'), new ServiceError('plugin_crashed', 'gone')))
    const response = await server.inject({ ...CHAT, payload: { ...HELLO, stream: true } })
    const error = { message: 'gone', type: 'api_error', param: null, code: 'plugin_crashed' }
    expect(eventsOf(response.body).slice(1)).toEqual([{ error }])
    expect(logged()).toMatchObject([{ level: 50, reason: 'plugin_crashed', sid: response.headers['x-request-id'] }])
  })

  it('is an ordinary error when it fails before the first piece', async () => {
    const response = await ask(saying(served(), new ServiceError('no_slot')), { stream: true })
    expect(response.statusCode).toBe(503)
    expect(response.headers['retry-after']).toBe('1')
    expect(response.json().error.code).toBe('no_slot')
  })

  it('is cancelled when the client leaves', async () => {
    const inference = served()
    const cancelled = new Promise<unknown>(resolve => {
      inference.results = async function* (_request, { signal }) {
        yield said('x')
        await once(signal, 'abort')
        resolve(signal.reason)
      }
    })
    const { server } = openAiServer(inference)
    await server.listen({ host: '127.0.0.1', port: 0 })
    onTestFinished(() => server.close())
    const socket = connect((server.server.address() as AddressInfo).port, '127.0.0.1')
    const body = JSON.stringify({ ...HELLO, stream: true })
    socket.write(`POST ${CHAT.url} HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    await once(socket, 'data')
    socket.destroy()
    expect(await cancelled).toMatchObject({ reason: 'cancelled' })
  })
})

describe('an error', () => {
  it.each(Object.keys(REASONS) as Reason[])('with reason %s is an error object', async reason => {
    const response = await ask(saying(served(), new ServiceError(reason, 'what happened')))
    expect(response.statusCode).toBe(HTTP_STATUS[reason])
    expect(response.json()).toEqual({ error: { message: 'what happened', param: null, ...OPENAI_ERRORS[reason] } })
  })

  it('names the member of the request that is wrong', async () => {
    const response = await ask(served(), { messages: [{ role: 'robot', content: 'x' }] })
    expect(response.statusCode).toBe(400)
    expect(response.json().error).toMatchObject({ type: 'invalid_request_error', param: 'messages[0].role' })
  })

  it.each([
    ['POST', '/openai/v1/embeddings', 404],
    ['GET', '/openai/v1/chat/completions', 405],
    ['POST', '/openai/v1/models/bot', 405],
  ] as const)('%s %s is one, too', async (method, url, status) => {
    const response = await openAiServer(served()).server.inject({ method, url })
    expect(response.statusCode).toBe(status)
    expect(response.json().error).toMatchObject({ type: 'invalid_request_error', param: null })
  })

  it('of a body that is no JSON is one, too', async () => {
    const { server, refused } = openAiServer(served())
    expect((await server.inject({ ...CHAT, payload: '{' })).json().error.code).toBe('body_not_json')
    expect(refused).toEqual([[undefined, 'body_not_json']])
  })
})

describe('the models', () => {
  const inference = () => new FakeInference([modelInfo('mnist'), chatModel()])
  const bot = { id: 'bot', object: 'model', created: expect.any(Number), owned_by: 'aiservice' }

  it('are those that chat', async () => {
    const { server } = openAiServer(inference())
    expect((await server.inject('/openai/v1/models')).json()).toEqual({ object: 'list', data: [bot] })
    expect((await server.inject('/openai/v1/models/bot')).json()).toEqual(bot)
  })

  it.each(['mnist', 'nobody'])('do not have %s among them', async name => {
    const response = await openAiServer(inference()).server.inject(`/openai/v1/models/${name}`)
    expect(response.statusCode).toBe(404)
    expect(response.json().error.code).toBe('model_not_found')
  })
})

describe('the OpenAPI part', () => {
  it.each([[[chatModel()]], [[]]])('keeps to OpenAPI 3.0', async models => {
    const document = openApiDocument(models, [listed => openAiOpenApi(listed, '/openai/v1')])
    expect(await openApiFaults(document)).toEqual([])
    expect(Object.keys(document['paths'] as object)).toEqual([
      '/openai/v1/chat/completions',
      '/openai/v1/models',
      '/openai/v1/models/{id}',
    ])
  })
})
