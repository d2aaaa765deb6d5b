import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DaemonProcess, ROOT, startDaemonProcess } from '../helpers/daemon-process.js'

const cwd = join(ROOT, 'examples/chat')

interface Completion {
  readonly choices: readonly [{ readonly message: { readonly content: string }; readonly finish_reason: string }]
  readonly usage: { readonly prompt_tokens: number; readonly completion_tokens: number }
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string } }[]
  readonly usage?: Completion['usage']
}

function post(http: string, members: object): Promise<Response> {
  const messages = [{ role: 'user', content: 'Will you dance with me?' }]
  const body = JSON.stringify({ model: 'svcName', messages, seed: 5, ...members })
  return fetch(`${http}/openai/v1/chat/completions`, { method: 'POST', body })
}

const ask = async (http: string, members: object = {}) => (await (await post(http, members)).json()) as Completion

async function chunksOf(http: string, members: object = {}): Promise<readonly Chunk[]> {
  const response = await post(http, { stream: true, stream_options: { include_usage: true }, ...members })
  return [...(await response.text()).matchAll(/^data: (\{.*)$/gm)].map(([, json = '']) => JSON.parse(json))
}

const textOf = (chunks: readonly Chunk[]) => chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('')

describe('the chat example', () => {
  let own: DaemonProcess
  let handing: DaemonProcess
  let http: string
  let handed: string

  beforeAll(async () => {
    own = startDaemonProcess({ cwd })
    ;({ http } = await own.ready)
    handing = startDaemonProcess({
      cwd,
      config: { wrapper: { http_listen: '127.0.0.1:0', upstream: `${http}/openai/v1` } },
    })
    ;({ http: handed } = await handing.ready)
  })
  afterAll(() => Promise.all([own?.stop(), handing?.stop()]))

  it('answers out of its own model, token by token', async () => {
    const { choices, usage } = await ask(http)
    expect(choices[0].message.content).toMatch(/^["A-Z].*[.!?]/)
    expect(choices[0].finish_reason).toBe('stop')
    expect(usage.prompt_tokens).toBe(6)
    const chunks = await chunksOf(http)
    expect(textOf(chunks)).toBe(choices[0].message.content)
    expect(chunks.filter(({ choices: [choice] }) => choice?.delta.content)).toHaveLength(usage.completion_tokens)
    expect(chunks.at(-1)?.usage).toEqual(usage)
  })

  it('answers out of an upstream as the upstream does, whole and token by token', async () => {
    const answer = await ask(http)
    expect(await ask(handed)).toMatchObject({ choices: answer.choices, usage: answer.usage })
    expect(await ask(handed, { max_tokens: 2 })).toMatchObject({ choices: [{ finish_reason: 'length' }] })
    expect((await chunksOf(handed)).map(({ choices }) => choices)).toEqual(
      (await chunksOf(http)).map(({ choices }) => choices),
    )
  })

  it('counts up to where a stop sequence ends the answer', async () => {
    const [word = ''] = (await ask(http)).choices[0].message.content.split(' ').slice(3)
    const { choices, usage } = await ask(http, { stop: ` ${word}` })
    expect(choices[0].message.content.split(' ')).toHaveLength(3)
    expect(usage.completion_tokens).toBeLessThan(8)
  })

  it('says so when the upstream is gone', async () => {
    await own.stop()
    const failed = await post(handed, {})
    expect(failed.status).toBe(500)
    expect(await failed.json()).toMatchObject({
      error: { message: expect.stringContaining('no answer from the upstream') },
    })
  })
})
