import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ROOT } from '../helpers/daemon-process.js'
import { type OpenAiClient, type OpenAiOrder, startOpenAiClient } from '../helpers/openai-client.js'
import { nextLine, type ServingDaemon, startServing } from '../helpers/scenario-daemon.js'

interface Chunk {
  readonly choices: readonly {
    readonly delta: { readonly role: string | null; readonly content: string | null }
    readonly finish_reason: string | null
  }[]
  readonly usage: unknown
}

let daemon: ServingDaemon
let client: OpenAiClient

beforeAll(async () => {
  daemon = await startServing({ cwd: join(ROOT, 'test/helpers/wrappers/chat') })
  client = startOpenAiClient(`${daemon.http}/openai/v1`)
})
afterAll(async () => {
  await client?.close()
  await daemon?.process.stop()
})

const textOf = (chunks: readonly Chunk[]) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')
const user = (content: unknown) => [{ role: 'user', content }]
const USAGE = { prompt_tokens: 3, completion_tokens: 3, total_tokens: 6 }

describe.each(['sync', 'async'] as const)('the published client, %s,', kind => {
  const ask = (call: OpenAiOrder['call'], arguments_: object, more: Partial<OpenAiOrder> = {}) =>
    client.ask({ client: kind, call, arguments: { ...arguments_ }, ...more })
  const chat = (members: object, more: Partial<OpenAiOrder> = {}) =>
    ask('chat', { model: 'svcName', messages: user('one two three'), ...members }, more)
  const stream = async (members: object, more: Partial<OpenAiOrder> = {}) =>
    (await chat({ stream: true, ...members }, more)) as Chunk[]

  it('gets a whole answer with its usage', async () => {
    expect(await chat({})).toMatchObject({
      object: 'chat.completion',
      model: 'svcName',
      choices: [{ index: 0, message: { role: 'assistant', content: 'one two three' }, finish_reason: 'stop' }],
      usage: USAGE,
    })
  })

  it('gets an answer in pieces as they come, the last with the usage', async () => {
    const chunks = await stream({ stream_options: { include_usage: true } })
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? null)).toEqual([
      'one',
      ' two',
      ' three',
      null,
      null,
    ])
    expect(chunks[0]?.choices[0]?.delta.role).toBe('assistant')
    expect(chunks[3]?.choices[0]?.finish_reason).toBe('stop')
    expect(chunks[4]).toMatchObject({ choices: [], usage: USAGE })
  })

  it('is heeded when it says where to stop, whole and in pieces, across pieces', async () => {
    expect(await chat({ stop: 'o th' })).toMatchObject({
      choices: [{ message: { content: 'one tw' }, finish_reason: 'stop' }],
    })
    const chunks = await stream({ stop: ['nowhere', 'o th'] })
    expect(textOf(chunks)).toBe('one tw')
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe('stop')
  })

  it('reaches the wrapper with its parameters and messages', async () => {
    const members = { temperature: 0.5, top_p: 1, seed: 4, max_tokens: 9, user: 'u', stop: ['a"b'] }
    const { choices } = (await chat({ messages: user('parameters'), ...members })) as {
      choices: [{ message: { content: string } }]
    }
    expect(JSON.parse(choices[0].message.content)).toMatchObject({
      ...{ temperature: '0.5', top_p: '1', seed: '4', max_tokens: '9', user: 'u', stop: '["a\\"b"]' },
    })
    const messages = [
      { role: 'system', content: 'be kind' },
      { role: 'user', content: [{ type: 'text', text: 'messages' }] },
    ]
    expect(await chat({ messages })).toMatchObject({
      choices: [
        { message: { content: JSON.stringify([messages[0], ...user('messages')]).replace(/([:,])(?=["{[])/g, '$1 ') } },
      ],
    })
  })

  it('is told when the answer ends at the limit', async () => {
    expect(await chat({ max_completion_tokens: 3 })).toMatchObject({ choices: [{ finish_reason: 'length' }] })
  })

  it('lists the models', async () => {
    const model = { id: 'svcName', object: 'model', owned_by: 'aiservice' }
    expect(await ask('models', {})).toMatchObject({ data: [model] })
    expect(await ask('model', { model: 'svcName' })).toMatchObject(model)
  })

  it('raises its own exceptions, with what is wrong', async () => {
    expect(await chat({ model: 'nobody' })).toMatchObject({
      error: { class: 'NotFoundError', status_code: 404, code: 'model_not_found', request_id: expect.any(String) },
    })
    expect(await ask('model', { model: 'nobody' })).toMatchObject({ error: { class: 'NotFoundError' } })
    expect(await chat({ n: 2 })).toMatchObject({
      error: { class: 'BadRequestError', type: 'invalid_request_error', param: 'n', code: 'schema_violation' },
    })
    expect(await chat({ messages: user([{ type: 'image_url', image_url: { url: 'x' } }]) })).toMatchObject({
      error: { class: 'BadRequestError', param: 'messages[0].content' },
    })
    expect(await chat({ messages: user('broken') })).toMatchObject({
      error: { class: 'InternalServerError', status_code: 500, message: expect.stringContaining('out of words') },
    })
  })

  it('raises an error in the middle of a stream', async () => {
    expect(await stream({ messages: user('one broken') })).toMatchObject({
      error: { class: 'APIError', message: expect.stringContaining('out of words'), code: expect.any(String) },
    })
  })

  it('cancels what it leaves', async () => {
    const cancelled = nextLine(daemon, /^left$/)
    const chunks = await stream({ messages: user('endless') }, { leave_after: 2 })
    expect(textOf(chunks)).toBe('endless.')
    await cancelled
  })
})

describe('a model whose wrapper does not chat', () => {
  it('is refused by name, and is not among the models', async () => {
    const other = await startServing({ cwd: join(ROOT, 'test/helpers/wrappers/minimal') })
    try {
      const response = await fetch(`${other.http}/openai/v1/chat/completions`, {
        method: 'POST',
        body: JSON.stringify({ model: 'svcName', messages: user('x') }),
      })
      expect(response.status).toBe(400)
      expect(await response.json()).toMatchObject({
        error: { code: 'ability_missing', message: expect.stringContaining('svcName') },
      })
      expect(await (await fetch(`${other.http}/openai/v1/models`)).json()).toEqual({ object: 'list', data: [] })
    } finally {
      await other.process.stop()
    }
  })
})
