import { describe, expect, it } from 'vitest'
import { CHAT_METHOD } from '../../../../src/core/model.js'
import { parseChatRequest } from '../../../../src/protocols/openai/chat-request.js'
import { HELLO } from './openai-server.js'

const parse = (members: object) => parseChatRequest(Buffer.from(JSON.stringify({ ...HELLO, ...members })))
const messagesOf = (members: object) => {
  const [payload] = parse(members).inference.payloads
  return JSON.parse(Buffer.from(payload?.data ?? []).toString())
}

describe('a chat request', () => {
  it('calls the chat method with the messages as they are', () => {
    const { inference, ...rest } = parse({})
    expect(rest).toEqual({ stream: false, includeUsage: false, stop: [] })
    expect(inference).toMatchObject({ model: 'bot', method: CHAT_METHOD, parameters: {} })
    expect(inference.payloads).toMatchObject([{ key: 'messages', type: 'text', attributes: { format: 'json' } }])
    expect(messagesOf({})).toEqual(HELLO.messages)
  })

  it('takes every role, texts in parts, and an assistant that called tools', () => {
    const messages = [
      { role: 'system', content: 's' },
      { role: 'developer', content: 'd', name: 'n' },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a ' },
          { type: 'text', text: 'b' },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [{ id: '1' }] },
      { role: 'tool', content: 't', tool_call_id: '1' },
      { role: 'assistant', content: 'x' },
    ]
    const parsed = messagesOf({ messages })
    expect(parsed[2]).toEqual({ role: 'user', content: 'a b' })
    expect(parsed.toSpliced(2, 1)).toEqual(messages.toSpliced(2, 1))
  })

  it('hands on what concerns the model as parameters in string form', () => {
    const members = {
      temperature: 0.5,
      top_p: 1,
      seed: 7,
      max_completion_tokens: 9,
      stop: 'END',
      user: 'u',
      presence_penalty: null,
      response_format: { type: 'json_object' },
    }
    expect(parse(members).inference.parameters).toEqual({
      temperature: '0.5',
      top_p: '1',
      seed: '7',
      max_tokens: '9',
      stop: '["END"]',
      user: 'u',
      response_format: '{"type":"json_object"}',
    })
    expect(parse({ max_tokens: 3 }).inference.parameters).toEqual({ max_tokens: '3' })
  })

  it('may switch off what there is not', () => {
    const members = { n: 1, logprobs: false, tools: [], functions: [], modalities: ['text'], audio: null }
    expect(parse(members).inference.parameters).toEqual({})
  })

  it('may ask for a stream, with its usage', () => {
    expect(parse({ stream: true, stream_options: { include_usage: true }, stop: ['a', 'b'] })).toMatchObject({
      stream: true,
      includeUsage: true,
      stop: ['a', 'b'],
    })
  })

  it.each([
    [{ model: undefined }, 'model: '],
    [{ model: '' }, 'model: '],
    [{ messages: undefined }, 'messages: '],
    [{ messages: [{ role: 'robot', content: '' }] }, 'messages[0].role: must be one of system, developer, user,'],
    [{ messages: [{ content: '' }] }, 'messages[0].role: must be one of'],
    [
      { messages: [HELLO.messages[0], { role: 'user' }] },
      'messages[1].content: must be a string or a list of text parts',
    ],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url' }] }] },
      'messages[0].content: must be a string or a list',
    ],
    [{ messages: [{ role: 'assistant' }] }, 'messages[0].content: must be there unless tool_calls is'],
    [{ messages: [{ role: 'tool', content: 'x' }] }, 'messages[0].tool_call_id: '],
    [{ messages: ['hello'] }, 'messages[0]: '],
    [{ n: 2 }, 'n: must be 1: a request has one answer'],
    [{ stop: '' }, 'stop: '],
    [{ stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop: must be a string that is not empty, or a list of at most 4'],
    [{ temperature: 3 }, 'temperature: '],
    [{ top_p: '1' }, 'top_p: '],
    [{ max_tokens: 0 }, 'max_tokens: '],
    [{ max_tokens: 1, max_completion_tokens: 1 }, 'max_tokens: may not be there beside max_completion_tokens'],
    [{ stream_options: {} }, 'stream_options: may only be there when stream is true'],
    [{ stream: 'yes' }, 'stream: '],
    [{ tools: [{}] }, 'tools: is not supported'],
    [{ logprobs: true }, 'logprobs: is not supported'],
    [{ modalities: ['audio'] }, 'modalities[0]: only text is supported'],
    [{ audio: {} }, 'audio: is not supported'],
  ])('%j is refused: %s', (members, message) => {
    expect(() => parse(members)).toThrow(
      expect.objectContaining({ reason: 'schema_violation', message: expect.stringContaining(message) }),
    )
  })

  it('without messages has no input', () => {
    const error = { reason: 'input_missing', message: 'messages: must not be empty' }
    expect(() => parse({ messages: [] })).toThrow(expect.objectContaining(error))
  })

  it('that is nested too deeply to be handed on is refused', () => {
    const depth = 1_000_000
    const deep = `{"model":"m","messages":[{"role":"user","content":"x"}],"x":${'['.repeat(depth)}${']'.repeat(depth)}}`
    expect(() => parseChatRequest(Buffer.from(deep))).toThrow(expect.objectContaining({ reason: 'body_not_json' }))
  })
})
